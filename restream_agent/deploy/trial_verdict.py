"""What a platform did with a few seconds of the slate, in words, from what ffmpeg wrote. Pure."""

import re
from dataclasses import dataclass

SECONDS = 10.0
"""For how long the slate is sent."""

_PROGRESS = re.compile(r"(out_time_us|out_time_ms|total_size)=(\d+)")
_ANY_PROGRESS = re.compile(r"[a-z_0-9]+=\s*\S+")
_CLOSE_TO_ALL = 1.0
"""Seconds that may be missing from the last report of ffmpeg, which reports once a second."""

_CAUSES = (
    # Why nothing was sent. The first that fits counts: a handshake that is not answered times out, too.
    (
        ("Failed to resolve hostname", "Name or service not known", "Temporary failure in name resolution"),
        "its name does not resolve",
        "check the platform's url and this machine's DNS",
    ),
    (
        ("Cannot read RTMP handshake response",),
        "it does not speak RTMP there",
        "check the platform's url: its port, and whether it begins with rtmp: or rtmps:",
    ),
    (
        ("Connection refused", "Connection timed out", "No route to host", "Network is unreachable"),
        "there is no connection to it",
        "check the platform's url, and this machine's network and firewall",
    ),
    (
        ("certificate",),
        "it shows no certificate that this machine trusts",
        "check the platform's url, and apt install ca-certificates",
    ),
    (
        ("TLS", "tls"),
        "it does not speak TLS there",
        "check the platform's url: its port, and whether it begins with rtmp: or rtmps:",
    ),
    (
        ("Unknown connect error",),
        "it refuses the connection",
        "check the platform's url: each has an application of its own",
    ),
)

_STREAM_REFUSED = "Server error"
"""ffmpeg says so of a refused publish, and behind "Unknown connect error" of a refused connection."""


@dataclass(frozen=True)
class TrialVerdict:
    """What came back: whether the platform took the slate, why not, what to do, and ffmpeg's own lines."""

    is_taken: bool
    words: str
    hint: str
    lines: tuple[str, ...]


def judge(output: str, *, ended_well: bool, key_command: str) -> TrialVerdict:
    """Return what the output of ffmpeg means; `key_command` stores another key."""
    progress = dict(_PROGRESS.findall(output))
    lines = tuple(
        line.strip()
        for line in output.splitlines()
        if line.strip() and not _ANY_PROGRESS.fullmatch(line.strip())
    )
    sent = int(progress.get("out_time_us") or progress.get("out_time_ms") or 0) / 1e6
    if ended_well and sent >= SECONDS - _CLOSE_TO_ALL:
        rate = int(progress.get("total_size", 0)) * 8 / sent / 1000
        return TrialVerdict(True, f"took {sent:.0f} s of the slate, {rate:.0f} kb/s", "", lines)
    key_hint = f"the key is probably wrong or expired: {key_command}"
    if sent >= 1:
        return TrialVerdict(False, f"it has ended the connection after {sent:.0f} s", key_hint, lines)
    causes = (*_CAUSES, ((_STREAM_REFUSED,), "it refuses the stream", key_hint))
    for signs, words, hint in causes:
        if any(sign in line for line in lines for sign in signs):
            return TrialVerdict(False, words, hint, lines)
    return TrialVerdict(False, "it has ended the connection before anything was sent", key_hint, lines)
