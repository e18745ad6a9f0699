"""A check as plain data: what it does to a broadcast in a machine, and the rows of the report."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.vm.broadcast import MachineBroadcast


@dataclass(frozen=True)
class CheckRow:
    """One row of the report.

    what: the wall, the limit or the event.
    where: the unit, or "machine".
    tried: what was tried, in words.
    outcome: what stopped it, or what came of it.
    holds: whether that is as it must be.
    """

    what: str
    where: str
    tried: str
    outcome: str
    holds: bool


Play = Callable[[MachineBroadcast], Iterable[CheckRow]]


@dataclass(frozen=True)
class MachineCheck:
    """One check.

    name: in kebab-case, for `CHECK=`.
    text: one line for people.
    container: why a container, which shares the machine's kernel, cannot show it.
    play: begins when OBS is live on every platform, and yields rows. It may leave the machine in any state
    in which a restart of the units brings the broadcast back.
    """

    name: str
    text: str
    container: str
    play: Play
