"""What a fault is: plain data. The functions in it act on a broadcast and judge nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.broadcast import ChaosBroadcast
from tests.chaos.ends import LIVE, End

CUT_MS = 200.0  # packets come in clumps of up to 150 ms even in steady state
STALL_MS = 1200.0  # `ingest.stall`, 1 s by default, and a cut
KILLED_MS = 600.0  # the program is killed and back
HUNG_MS = 2600.0  # WatchdogSec of fallback.service, and the same

Act = Callable[[ChaosBroadcast], None]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    name: in kebab-case, for `FAULT=`; text: for people. prepare is done before the clock starts, act is the
    fault itself. concerns: the platforms that it may cost their connection; the others may not notice more
    than a silence of bound_ms, as the median over them. end: what must be reached without a hand on it,
    within heals_within seconds after the act, and still hold steady seconds later. stands: for how many
    seconds after the start connections have to stand, if the fault ends the broadcast.
    """

    name: str
    text: str
    act: Act
    prepare: Act | None = None
    concerns: tuple[str, ...] = ()
    bound_ms: float = CUT_MS
    end: End = LIVE
    heals_within: float = 30.0
    steady: float = 3.0
    stands: float | None = None
