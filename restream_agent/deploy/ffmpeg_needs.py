"""What ffmpeg must be able to do for a configuration, and what is said of an ffmpeg that cannot. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from restream_agent.config.model import Config
from restream_agent.config.relays import all_relays
from restream_agent.deploy.findings import Finding, fault, ok, warning

QUESTIONS = ("protocols", "encoders", "muxers", "demuxers", "filters")
"""The lists that ffmpeg prints: `ffmpeg -protocols`, …"""

_PROGRAM, _FALLBACK = "every relay", "the fallback"

_ALWAYS = {
    "protocols": {"pipe": _PROGRAM, "udp": _PROGRAM, "file": _FALLBACK},
    "demuxers": {"live_flv": _PROGRAM, "flv": _FALLBACK},
    "muxers": {"flv": _PROGRAM, "image2": _FALLBACK},
    "encoders": {"libx264": _FALLBACK, "aac": _FALLBACK, "flv": _FALLBACK, "png": _FALLBACK},
    "filters": dict.fromkeys(
        ("aresample", "atrim", "apad", "color", "drawbox", "drawtext", "fps", "pad", "scale", "tpad"),
        _FALLBACK,
    ),
}
"""What render/ffmpeg.py, fallback/ffmpeg.py and fallback/slate.py write, each with who needs it.

The encoder "flv" is that of FLV1, which marks where the sound begins.
"""

_PACKAGE = "apt install ffmpeg"
_NAMED = 3
_ROW = re.compile(r"^ [ .A-Z|]{2,8} ([\w,]+)", re.MULTILINE)
_PROTOCOL = re.compile(r"^  ([\w]+)$", re.MULTILINE)
_VERSION = re.compile(r"^ffmpeg version (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class FfmpegAbilities:
    """What an ffmpeg says that it can: its version, and the names of each list, none of a list not given."""

    version: str
    lists: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class FfmpegNeed:
    """Something that ffmpeg must have: its name, the list that it is in ("protocols"), and who needs it."""

    kind: str
    name: str
    users: tuple[str, ...]


def read_names(question: str, answer: str) -> frozenset[str]:
    """Return the names in ffmpeg's answer to one of QUESTIONS. A row may have several: "mov,mp4"."""
    pattern = _PROTOCOL if question == "protocols" else _ROW
    return frozenset(name for names in pattern.findall(answer) for name in names.split(","))


def read_version(answer: str) -> str:
    """Return the version in ffmpeg's answer to `-version`, "" if it has none."""
    found = _VERSION.search(answer)
    return found[1] if found else ""


def needs(config: Config) -> tuple[FfmpegNeed, ...]:
    """Return what the relays and the fallback of a configuration need."""
    wanted = {(kind, name): [user] for kind, names in _ALWAYS.items() for name, user in names.items()}
    for relay in all_relays(config):
        own = [("protocols", relay.url.partition(":")[0])]
        if relay.transcode is not None:
            own += [("encoders", relay.transcode.codec), ("filters", "scale"), ("muxers", "null")]
        for need in own:
            wanted.setdefault(need, []).append(relay.full_name)
    return tuple(FfmpegNeed(*need, tuple(users)) for need, users in wanted.items())


def judge_ffmpeg(wanted: tuple[FfmpegNeed, ...], abilities: FfmpegAbilities) -> Iterator[Finding]:
    """Yield a fault for each thing that an ffmpeg lacks, or that all is there.

    Nothing is said of what is in a list that ffmpeg did not give.
    """
    if not abilities.version and not any(abilities.lists.values()):
        yield fault("ffmpeg", "ffmpeg does not run; every relay and the fallback need it", "ffmpeg -version")
        return
    silent = [kind for kind, names in abilities.lists.items() if not names]
    if silent:
        yield warning("ffmpeg", f"ffmpeg does not list its {', '.join(silent)}", f"ffmpeg -{silent[0]}")
    version = f"ffmpeg {abilities.version}".rstrip()
    lacking = [need for need in wanted if need.name not in (abilities.lists.get(need.kind) or {need.name})]
    for need in lacking:
        yield fault(
            "ffmpeg",
            f"{version} has no {need.kind.removesuffix('s')} {need.name}; {_users(need)} it",
            _PACKAGE,
        )
    if not lacking and any(abilities.lists.values()):
        yield ok("ffmpeg", f"{abilities.version}, with all that the configuration needs")


def judge_marks(*, has_marks: bool) -> Iterator[Finding]:
    """Yield a warning for an ffmpeg by which the lip sync of relays is not known."""
    if not has_marks:
        words = "has no bitstream filter noise with a condition: the lip sync of relays is not known"
        yield warning("ffmpeg", words, "it is in ffmpeg 5.0 and newer")


def _users(need: FfmpegNeed) -> str:
    """Return who needs something, with the verb: "twitch, kick need"."""
    users = ", ".join(need.users[:_NAMED])
    if need.users[_NAMED:]:
        users += f" and {len(need.users) - _NAMED} more"
    return f"{users} {'need' if len(need.users) > 1 else 'needs'}"
