"""A fault as plain data. Its functions act on a broadcast; they judge nothing."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.chaos.broadcast import NAMES, ChaosBroadcast
from tests.chaos.ends import LIVE, End

CUT_MS = 200.0  # one change of source; packets come in clumps of up to 150 ms even in steady state
STALL_MS = 1200.0  # `ingest.stall` (1 s by default) and one change of source
RESTARTED_MS = 200.0  # the program is restarted as planned, as in an upgrade
KILLED_MS = 600.0  # the program is killed and started again
HUNG_MS = 2600.0  # WatchdogSec of fallback.service, and then as KILLED_MS
OTHERS_MS = 60.0  # what another channel may notice: two pictures at 30 a second

Act = Callable[[ChaosBroadcast], None]


@dataclass(frozen=True)
class Fault:
    """One fault.

    name: in kebab-case, for `FAULT=`.
    text: one line for people.
    prepare: runs before the clock starts.
    act: the fault itself.
    concerns: the platforms that may lose their connection. The median silence of the others must not exceed
    bound_ms.
    end: the state that must be reached without help within heals_within seconds after the act, and that must
    still hold `steady` seconds later.
    is_shared: whether it strikes what all channels share, and not one of them.
    stands: if the fault ends the broadcast, how many seconds after the start connections must stand.
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
    is_shared: bool = False

    @property
    def others_bound_ms(self) -> float | None:
        """The bound for the other channels; None for a fault that ends the connections of all."""
        if not self.is_shared:
            return OTHERS_MS
        return None if set(self.concerns) >= set(NAMES) else self.bound_ms
