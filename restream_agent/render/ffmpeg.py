"""The command lines of ffmpeg: how OBS's stream gets into the program, and the program to a platform.

Pure. Measurements behind the options: docs/design.md and shared/facts.md; options: ffmpeg(1),
ffmpeg-formats(1), ffmpeg-protocols(1).
"""

from urllib.parse import urlsplit

from restream_agent.base.endpoints import PROGRESS
from restream_agent.config.platform import Transcode
from restream_agent.config.relays import Relay

LIVE_SOCKET = "/run/restream/live.sock"
RELAY_INPUT = "pipe:0"  # attempt.py says why it is not the program's socket
KEY_PRESET = "${RUNTIME_DIRECTORY}/key.ffpreset"
STALL = "${RELAY_STALL_US}"
EXPANDED = frozenset({KEY_PRESET, STALL})
"""Arguments that systemd fills in from the unit's environment."""


_QUIET = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning")
# Parameters come first in FLV, so little has to be looked at. Not `-fflags nobuffer`: it throws away
# what was looked at, the first keyframe with it, and the next one is seconds away (measured).
_FLV_INPUT = ("-fpsprobesize", "0", "-analyzeduration", "5000000", "-f", "live_flv")
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# ffmpeg believes any certificate unless it is told not to; a key is sent only to its platform.
_VERIFIED = ("-tls_verify", "1", "-ca_file", AUTHORITIES)
# Without it Nagle's algorithm and delayed acknowledgements add 40 ms to every step of the handshake.
_NO_DELAY = ("-tcp_nodelay", "1")
# A stream that pauses must not hold the other one back for the default 10 s.
_FLV_OUTPUT = ("-max_interleave_delta", "500000", "-flush_packets", "1")


def live_command(ffmpeg: str, url: str) -> tuple[str, ...]:
    """Return the argv that copies a stream of the ingest server into the program."""
    return (
        ffmpeg, *_QUIET, *_FLV_INPUT, *_NO_DELAY, "-i", url,
        "-map", "0:v:0?", "-map", "0:a:0?", "-c", "copy", *_FLV_OUTPUT, "-f", "flv", f"unix:{LIVE_SOCKET}",
    )  # fmt: skip


def relay_command(ffmpeg: str, relay: Relay) -> tuple[str, ...]:
    """Return the argv that sends the program to a platform; the key stands in a file, never here.

    A platform that takes nothing for `relay.stall` ends it (`-rw_timeout`, in µs). That stands in the
    unit's environment, so that no relay is restarted for another value.
    """
    codecs = ("-c", "copy") if relay.transcode is None else _encoder(relay.transcode)
    return (
        ffmpeg, *_QUIET, *_progress(relay.sender), *_FLV_INPUT, "-i", RELAY_INPUT,
        "-map", "0:v:0", "-map", "0:a:0?", *codecs, *_FLV_OUTPUT, "-flvflags", "no_duration_filesize",
        "-rtmp_app", _application(relay.url), "-fpre", KEY_PRESET, *_NO_DELAY,
        *(_VERIFIED if relay.url.startswith("rtmps:") else ()),
        "-rw_timeout", STALL, "-f", "flv", relay.url,
    )  # fmt: skip


def _progress(sender: str) -> tuple[str, ...]:
    """Have ffmpeg report once a second; to nobody, without harm, while the agent is away (measured).

    The sender's address tells whose report it is. Its port is left to the kernel, so that no other
    program's port keeps a relay from starting.
    """
    return ("-progress", f"udp://{PROGRESS}?localaddr={sender}", "-stats_period", "1")


def _application(url: str) -> str:
    """Return the RTMP application of a platform's URL, in full.

    Left to itself ffmpeg would take what follows the second slash of the path for the stream's name.
    """
    parts = urlsplit(url)
    return parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")


def _encoder(transcode: Transcode) -> tuple[str, ...]:
    bitrate = str(transcode.bitrate)
    filters = []
    if transcode.height is not None:
        filters.append(f"scale=-2:{transcode.height}")
    if transcode.fps is not None:
        filters.append(f"fps={transcode.fps:g}")
    return (
        "-c:v", transcode.codec, "-preset", "veryfast", "-bf", "0", "-sc_threshold", "0",
        "-b:v", bitrate, "-maxrate", bitrate, "-bufsize", bitrate,
        "-force_key_frames", f"expr:gte(t,n_forced*{transcode.keyframe:g})",
        *(("-vf", ",".join(filters)) if filters else ()), "-c:a", "copy",
    )  # fmt: skip
