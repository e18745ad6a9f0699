"""Playing faults one after another, each from the steady state to its expected end state."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.chaos.broadcast import NAMES, ChaosBroadcast
from tests.chaos.ends import LIVE, Look
from tests.chaos.fault import Fault
from tests.chaos.judge import Played, see
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.deadline import LabError

SETTLES_WITHIN = 25.0
CALM_SECONDS = 2.0
KEPT_SECONDS = 10.0  # messages that arrived this long before a fault are kept
# Errors of one fault; the next faults are still played.
TROUBLE = (LabError, OSError, subprocess.SubprocessError)


def play_all(
    server: str,
    faults: Sequence[Fault],
    journal: Path,
    screen: Screen,
    scene: type[ChaosBroadcast] = ChaosBroadcast,
) -> Iterator[Played]:
    """Play faults on an ingest server, in a fresh container after a fault that leaves the broadcast broken.

    The containers' journals are written to a file.
    """
    journal.unlink(missing_ok=True)
    left = list(faults)
    while left:
        with Container() as container:
            broadcast = scene(container, server, screen)
            try:
                yield from _play_while_whole(broadcast, left)
            finally:
                with journal.open("a") as file:
                    file.write("".join((*broadcast.journals, container.journal())))
                broadcast.close()


def _play_while_whole(broadcast: ChaosBroadcast, left: list[Fault]) -> Iterator[Played]:
    """Take faults from the list and play them until one leaves a broadcast that does not settle."""
    broadcast.build()
    settle(broadcast)  # outside the faults: a product that cannot start fails the whole run
    while left:
        fault = left.pop(0)
        broadcast.screen.line(f"{fault.name}: {fault.text}", "event")
        yield play(broadcast, fault)
        if left and not _settles(broadcast):
            broadcast.screen.line("the broadcast did not settle: the next fault gets a new container", "bad")
            return


def play(broadcast: ChaosBroadcast, fault: Fault) -> Played:
    """Play one fault on a live broadcast and measure its cost."""
    broadcast.counts, broadcast.complaints = {}, []
    start = end = time.monotonic()
    healed = None
    try:
        with broadcast.undo:
            start, end, healed = _suffer(broadcast, fault)
    except TROUBLE as error:
        broadcast.complaints.append(f"the fault could not be undone: {_first_line(error)}")
    if fault.stands is not None:
        end = min(end, start + fault.stands)
    for platform in broadcast.every_platform.values():
        platform.reader.update()
    played = Played(
        name=fault.name,
        text=fault.text,
        server=broadcast.server,
        concerns=fault.concerns,
        bound_ms=fault.bound_ms,
        others_bound_ms=fault.others_bound_ms,
        end_state=fault.end.name,
        healed=healed is not None,
        seconds_to_heal=healed,
        platforms={name: see(broadcast.platforms[name].reader.connections, start, end) for name in NAMES},
        bystanders={
            name: see(platform.reader.connections, start, end)
            for name, platform in broadcast.bystanders.items()
        },
        complaints=tuple(broadcast.complaints),
        counts=dict(broadcast.counts),
    )
    broadcast.forget(time.monotonic() - KEPT_SECONDS)
    return played


def settle(broadcast: ChaosBroadcast) -> None:
    """Wait until every platform receives live, and stay there for CALM_SECONDS."""
    _reach(broadcast, LIVE.missing, SETTLES_WITHIN, time.monotonic())
    broadcast.watch(CALM_SECONDS)


def _settles(broadcast: ChaosBroadcast) -> bool:
    try:
        settle(broadcast)
    except TROUBLE as error:
        broadcast.screen.line(_first_line(error), "bad")
        return False
    return True


def _suffer(broadcast: ChaosBroadcast, fault: Fault) -> tuple[float, float, float | None]:
    """Play the fault; return start, end, and the seconds from its last blow to the end state (or None)."""
    start = time.monotonic()
    try:
        if fault.prepare is not None:
            fault.prepare(broadcast)
            broadcast.watch(CALM_SECONDS)
        start = broadcast.since = time.monotonic()
        fault.act(broadcast)
        # Only what arrives from now on counts: older packets may have been on their way.
        _reach(broadcast, fault.end.missing, fault.heals_within, time.monotonic())
        healed = time.monotonic() - broadcast.since
        _stay(broadcast, fault, start)
    except TROUBLE as error:
        broadcast.complaints.append(_first_line(error))
        return start, time.monotonic(), None
    return start, time.monotonic(), healed


def _stay(broadcast: ChaosBroadcast, fault: Fault, start: float) -> None:
    """Watch the end state for a while; LabError if it ends, or if a platform received another source.

    On a busy machine the keyframes of that while may come late: they are waited for, nothing else is.
    """
    changes, watched_from = len(broadcast.view.changes), time.monotonic()
    broadcast.watch(fault.steady)
    broadcast.wait(
        lambda: _has_news_of_all(broadcast, watched_from), SETTLES_WITHIN, "keyframes of the end state"
    )
    missing = fault.end.missing(broadcast, watched_from)
    flips = [
        f"{change.platform} received {change.source} {change.time - start:.1f} s after the start"
        for change in broadcast.view.changes[changes:]
    ]
    if missing or flips:
        changes_seen = "; ".join(filter(None, (missing, *flips)))
        raise LabError(f"did not stay in the state {fault.end.name}: {changes_seen}")


def _has_news_of_all(broadcast: ChaosBroadcast, since: float) -> bool:
    """Tell whether each platform that has a connection has received a keyframe."""
    connected = filter(broadcast.is_connected, broadcast.platforms)
    return all(broadcast.view.has_keyframe(name, since) for name in connected)


def _reach(broadcast: ChaosBroadcast, look: Look, within: float, since: float) -> None:
    """Poll until nothing is missing; the LabError names what still is."""
    missing = ""

    def is_reached() -> bool:
        nonlocal missing
        missing = look(broadcast, since)
        return not missing

    try:
        broadcast.wait(is_reached, within, "the end state")
    except LabError as error:
        raise LabError(f"{error}: {missing}") from error


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
