"""What is said of systemd, the clock, the disk, the fonts and our units, from what was seen of them. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from restream_agent.base.one_line import printable
from restream_agent.deploy.findings import Finding, fault, ok, warning
from restream_agent.systemd.unit_names import AGENT_UNIT, APPLY_UNIT
from restream_agent.systemd.unit_state import UnitState

OLDEST_SYSTEMD = 252
"""The version with which all is tested (docs/design.md, "Dependencies")."""

_MIB = 1024 * 1024
_NO_ROOM = 32 * _MIB
_LITTLE_ROOM, _LITTLE_PART = 1024 * _MIB, 0.1
_FEW_FILES = 1000


@dataclass(frozen=True)
class SystemdFacts:
    """What process 1 is ("systemd"), whether it has booted the machine, and its version, 0 if unknown."""

    process: str
    has_booted: bool
    version: int


@dataclass(frozen=True)
class ClockFacts:
    """The time, and whether it comes from the network, None if nobody knows. `installed` is when we were."""

    now: datetime
    installed: datetime
    is_synchronised: bool | None
    is_service_on: bool | None


@dataclass(frozen=True)
class DiskSpace:
    """Room on the file system of a place: bytes, and files that can still be made, None without a limit."""

    place: str
    free: int
    size: int
    free_files: int | None


@dataclass(frozen=True)
class FontFacts:
    """The font of a channel's message, None if there is none, and the letters that it lacks.

    `is_known` says that fontconfig has told; without it nobody knows what letters a font has.
    """

    message: str
    font: str | None
    missing: str
    is_known: bool


def judge_systemd(facts: SystemdFacts) -> Iterator[Finding]:
    """Yield what is to be said of systemd."""
    if not facts.has_booted:
        words = f"process 1 is {printable(facts.process) or 'unknown'}: restream-agent needs systemd there"
        yield fault("systemd", words, "run it on a machine, or in a container, that systemd has booted")
    elif not facts.version:
        yield warning("systemd", "does not say its version", "systemctl --version")
    elif facts.version < OLDEST_SYSTEMD:
        words = f"{facts.version} is too old: the units need {OLDEST_SYSTEMD} or newer"
        yield fault("systemd", words, "upgrade to Debian 12 or newer, or its like")
    else:
        yield ok("systemd", f"{facts.version} is process 1")


def judge_clock(facts: ClockFacts) -> Iterator[Finding]:
    """Yield what is to be said of the clock, by which certificates are valid and the hold is shown."""
    time = f"{facts.now:%Y-%m-%d %H:%M:%S %Z}".rstrip()
    if facts.now < facts.installed:
        words = f"says {time}, which is before restream-agent was installed: no certificate is valid then"
        yield fault("clock", words, "timedatectl set-ntp true, or date --set")
    elif facts.is_synchronised:
        yield ok("clock", f"synchronised: {time}")
    elif facts.is_synchronised is None:
        yield warning("clock", f"{time}; whether it is synchronised is not known", "timedatectl")
    elif facts.is_service_on:
        yield warning("clock", f"not synchronised yet: {time}", "timedatectl timesync-status")
    else:
        hint = "apt install systemd-timesyncd; timedatectl set-ntp true"
        yield warning("clock", f"nothing synchronises it: {time}", hint)


def judge_disks(disks: tuple[DiskSpace, ...]) -> Iterator[Finding]:
    """Yield what is to be said of the room on each file system."""
    for disk in disks:
        words = f"{disk.place}: {_size(disk.free)} left"
        hint = f"see what fills it: du -xh {disk.place} | sort -h | tail"
        if disk.free < _NO_ROOM:
            yield fault("disk", f"{words}: nothing can be written", hint)
        elif disk.free_files is not None and disk.free_files < _FEW_FILES:
            words = f"{disk.place}: only {disk.free_files} files can still be made (inodes)"
            yield fault("disk", words, f"see what fills it: du -x --inodes {disk.place} | sort -n | tail")
        elif disk.free < min(_LITTLE_ROOM, disk.size * _LITTLE_PART):
            yield warning("disk", f"{words} of {_size(disk.size)}", hint)
        else:
            yield ok("disk", words)


def judge_fonts(facts: FontFacts) -> Iterator[Finding]:
    """Yield what is to be said of the font with which a slate shows its message."""
    if facts.font is None:
        yield warning("fonts", "no font is installed: the slate has no text", "apt install fonts-dejavu-core")
    elif facts.missing:
        letters = " ".join(map(printable, facts.missing))
        words = f"no font has {letters}: the slate shows boxes there"
        hint = "apt install fonts-noto-cjk for Chinese, Japanese and Korean; emoji cannot be drawn"
        yield warning("fonts", words, hint)
    elif not facts.is_known and not facts.message.isascii():
        words = f"whether {facts.font} has the letters of the message is not known"
        yield warning("fonts", words, "apt install fontconfig")
    else:
        yield ok(
            "fonts", f"{facts.font} has all letters of “{printable(facts.message.partition(chr(10))[0])}”"
        )


def judge_units(states: Mapping[str, UnitState], always: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a fault for each unit of ours that has failed, and for each of `always` that does not run.

    `states` are those of the units that have run since the machine started.
    """
    failed = [unit for unit, state in states.items() if state.active == "failed"]
    for unit in failed:
        name = unit.removesuffix(".service")
        words = f": {printable(states[unit].words)}" if states[unit].words else ""
        remedy = "restream-agent check" if unit == APPLY_UNIT else f"journalctl -u {name}"
        yield fault(
            "units", f"{unit} has failed{words}", f"{remedy}; systemctl reset-failed {name} forgets it"
        )
    stopped = [unit for unit in always if unit not in failed and not states.get(unit, UnitState()).is_up]
    for unit in stopped:
        what = "OBS cannot connect" if unit != AGENT_UNIT else "nothing goes on air"
        yield fault(
            "units", f"{unit} does not run: {what}", f"systemctl start {unit.removesuffix('.service')}"
        )
    if not failed and not stopped:
        running = sum(state.is_up for state in states.values())
        yield ok("units", f"{running} of ours run, none has failed")


def _size(size: int) -> str:
    return f"{size / 1024**3:.1f} GiB" if size >= 1024 * _MIB else f"{size // _MIB} MiB"
