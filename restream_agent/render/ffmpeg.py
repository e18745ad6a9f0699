"""The command line of a relay: ffmpeg, from the program to a platform.

Pure. The options are in ffmpeg(1), ffmpeg-formats(1) and ffmpeg-protocols(1). docs/design.md, "Measured
facts", has the measurements behind them.
"""

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import urlsplit

from restream_agent.base.endpoints import PROGRESS
from restream_agent.config.platform import Transcode
from restream_agent.config.relays import Relay
from restream_agent.stream import marks
from restream_agent.wire.relay_environment import STALL_VARIABLE

KEY_PRESET = "${RUNTIME_DIRECTORY}/key.ffpreset"
STALL = f"${{{STALL_VARIABLE}}}"
EXPANDED = frozenset({KEY_PRESET, STALL})
"""Arguments that systemd replaces by values of the unit's environment."""

_STANDARD_INPUT = "pipe:0"  # launchers/relay_attempt.py says why ffmpeg does not open the program's socket

_QUIET = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "warning")
# FLV begins with its parameters, so ffmpeg has to probe little. `-fflags nobuffer` is left out: it throws
# away what was probed, the first keyframe included, and the next keyframe is seconds away (measured).
# ffmpeg takes a step of more than 10 s in a track of live FLV for a new clock of that track, and moves that
# track alone: after a picture that paused for 28 s, the sound was 28 s late for the rest of the broadcast
# (tests/media/test_paused_track.py). The program handles leaps of a publisher's clock. In seconds: 11 days.
_FLV_INPUT = (
    "-fpsprobesize", "0", "-analyzeduration", "5000000", "-dts_delta_threshold", "1000000", "-f", "live_flv",
)  # fmt: skip
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
# By default ffmpeg accepts any certificate, and would send the key to a stranger.
_VERIFIED = ("-tls_verify", "1", "-ca_file", AUTHORITIES)
# Without this, Nagle's algorithm and delayed acknowledgements add 40 ms to each step of the handshake.
_NO_DELAY = ("-tcp_nodelay", "1")
# The filter "noise" passes each packet on as it is, since its condition for dropping one is always 0; the
# condition prints the timestamps of marks, by which the agent knows the lip sync of the output.
_MARKS = ("-bsf", f"noise=drop='{marks.EXPRESSION}'")
# An encoder drops the positions by which marks are known. A second output, which is thrown away, has the
# pictures as they were read, on the same clock. If the platform's output fails, ffmpeg ends as without it
# (measured with 5.1.9 and 7.1.5). It comes last, because ffmpeg reports the size of its first output.
_THROWN_AWAY = ("-f", "null", "-")
_CLOCK = ("-map", "0:v:0", "-c", "copy", *_MARKS, *_THROWN_AWAY)
# If picture or sound pauses, the other goes on after 0.5 s. By default it would wait 10 s. An encoder looks
# ahead for ten pictures and more: FLV takes no picture that is older than the sound in front of it, and
# ffmpeg would end as the relay begins (tests/media/test_transcoding_join.py), so there sound waits longer.
_PATIENCE, _ENCODERS_PATIENCE = "500000", "4000000"
_FLV_OUTPUT = ("-flush_packets", "1")

_TRIAL_STALL = "10000000"
"""Microseconds for which a platform may take nothing in a trial: half of what relays wait by default."""

_CHOSEN_IN_TOML = ("-c", "-c:v", "-b:v", "-force_key_frames", "-vf", "-rtmp_app")
"""The options of a relay whose values come from the TOML; the others are ours."""


def relay_command(ffmpeg: str, relay: Relay, *, has_marks: bool = True) -> tuple[str, ...]:
    """Return the argv that sends the program to a platform.

    The key is not in it: ffmpeg reads the key from a file. ffmpeg exits when the platform has accepted
    nothing for `relay.stall` (`-rw_timeout`, in µs). systemd takes that value from the unit's environment, so
    that a new value restarts no relay.
    """
    codecs = ("-c", "copy") if relay.transcode is None else _encoder(relay.transcode)
    printed = _MARKS if has_marks else ()
    clock = _CLOCK if has_marks and relay.transcode is not None else ()
    return (
        ffmpeg, *_QUIET, *_progress(relay.sender), *_FLV_INPUT, "-i", _STANDARD_INPUT,
        "-map", "0:v:0", "-map", "0:a:0?", *codecs, *printed, *_interleaved(relay), *_FLV_OUTPUT,
        *_to_platform(relay, KEY_PRESET), "-rw_timeout", STALL, "-f", "flv", relay.url, *clock,
    )  # fmt: skip


def trial_command(
    ffmpeg: str, relay: Relay, *, slate: str, key_preset: str, seconds: float
) -> tuple[str, ...]:
    """Return the argv that sends a slate to a platform for some seconds, encoded as its relay does.

    `slate` and `key_preset` are files. ffmpeg writes its progress to its standard output.
    """
    codecs = ("-c", "copy") if relay.transcode is None else _encoder(relay.transcode)
    return (
        ffmpeg, *_QUIET, "-progress", "pipe:1", "-stats_period", "1",
        "-re", "-stream_loop", "-1", "-f", "flv", "-i", slate, "-t", f"{seconds:g}",
        "-map", "0:v:0", "-map", "0:a:0?", *codecs, *_interleaved(relay), *_FLV_OUTPUT,
        *_to_platform(relay, key_preset), "-rw_timeout", _TRIAL_STALL, "-f", "flv", relay.url,
    )  # fmt: skip


def _interleaved(relay: Relay) -> tuple[str, ...]:
    """Return the options that say how long sound and picture wait for each other, in µs."""
    return ("-max_interleave_delta", _PATIENCE if relay.transcode is None else _ENCODERS_PATIENCE)


def _to_platform(relay: Relay, key_preset: str) -> tuple[str, ...]:
    """Return the options of an output that connects to a platform."""
    return (
        "-flvflags", "no_duration_filesize", "-rtmp_app", _application(relay.url), "-fpre", key_preset,
        *_NO_DELAY, *(_VERIFIED if relay.url.startswith("rtmps:") else ()),
    )  # fmt: skip


def output_options(argv: Sequence[str]) -> tuple[str, ...]:
    """Return what a relay's argv says of its output: the options that the TOML chooses, then the URL."""
    words = list(argv)
    if tuple(words[-len(_THROWN_AWAY) :]) == _THROWN_AWAY:
        del words[len(words) - 1 - words[::-1].index("-map") :]
    chosen = [f"{option} {value}" for option, value in pairwise(words) if option in _CHOSEN_IN_TOML]
    return (*chosen, *words[-1:])


def _progress(sender: str) -> tuple[str, ...]:
    """Return the options with which ffmpeg reports its progress to the agent once a second.

    The agent knows each relay by the address that it sends from. The kernel chooses the port, so no port that
    is in use can keep a relay from starting. Reports that nobody receives do no harm (measured).
    """
    return ("-progress", f"udp://{PROGRESS}?localaddr={sender}", "-stats_period", "1")


def _application(url: str) -> str:
    """Return the RTMP application of a platform's URL: its whole path and query.

    By default ffmpeg takes what follows the second slash of the path for the stream's name.
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
