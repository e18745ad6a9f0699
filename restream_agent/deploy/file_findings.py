"""What is said of files that the users of our units do not reach. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from restream_agent.base import paths
from restream_agent.deploy.findings import Finding, fault, ok
from restream_agent.deploy.unit_files import AGENT_COMMAND, FileNeed


class Reason(Enum):
    """Why a unit does not reach a file."""

    MISSING = auto()
    HIDDEN = auto()
    DIRECTORY = auto()
    FILE = auto()
    OTHER = auto()


@dataclass(frozen=True)
class Blocked:
    """A need that is not met, and the place that is in the way; for OTHER the place is told in words."""

    need: FileNeed
    reason: Reason
    place: str


def judge_files(blocked: Iterable[Blocked], count: int, *, ours: Iterable[str]) -> Iterator[Finding]:
    """Yield a fault for each place that is in the way, however many units stop there, or that all is well.

    `count` is the number of files that were looked at. `ours` are the paths that apply writes.
    """
    stops: dict[tuple[Reason, str, str], list[Blocked]] = {}
    own = frozenset(ours)
    for each in blocked:
        path = each.need.path if each.reason in (Reason.MISSING, Reason.HIDDEN) else ""
        stops.setdefault((each.reason, each.place, path), []).append(each)
    for same in stops.values():
        words, hint = _words(same[0], own)
        yield fault("files", f"{words}{_others(same)}", hint)
    if not stops:
        yield ok("files", f"{count} files, each within reach of the units that need it")


def _words(blocked: Blocked, ours: frozenset[str]) -> tuple[str, str]:
    """Return what is said of a need that is not met, and the command that mends it."""
    need, place = blocked.need, blocked.place
    does = "run" if need.executes else "read"
    who = f"{need.unit}, as {_user(need)},"
    if blocked.reason is Reason.MISSING:
        return f"{need.path} does not exist, and {need.unit} needs it", _source(need, ours)
    if blocked.reason is Reason.HIDDEN:
        words = f"the sandbox of {need.unit} hides {place}, and so {need.path}"
        return words, "move it, for example to /srv or /usr/local"
    if blocked.reason is Reason.DIRECTORY:
        return f"{who} may not enter {place}, on the way to {need.path}", f"chmod o+x {place}"
    if blocked.reason is Reason.FILE:
        right = "o+rx" if need.executes else "o+r"
        hint = "restream-agent apply" if need.path in ours else f"chmod {right} {place}"
        return f"{who} may not {does} {place}", hint
    return f"{need.unit} cannot {does} {place}", ""


def _user(need: FileNeed) -> str:
    return "a dynamic user" if need.is_dynamic else need.user


def _source(need: FileNeed, ours: frozenset[str]) -> str:
    """Return how a file that is missing comes to be there."""
    if need.path in ours:
        return "restream-agent apply"
    if need.path.startswith(f"{paths.CREDENTIALS}/"):
        return f"restream-agent secret set {need.path.rpartition('/')[2]}"
    if need.path == AGENT_COMMAND:
        return "ln -s DIRECTORY/bin/restream-agent /usr/local/bin/"
    return ""


def _others(same: list[Blocked]) -> str:
    """Return how many more units stop at the same place."""
    units = {each.need.unit for each in same}
    return (
        ""
        if len(units) == 1
        else f" (and {len(units) - 1} more units)"
        if len(units) > 2
        else " (and 1 more unit)"
    )
