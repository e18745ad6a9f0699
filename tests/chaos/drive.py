"""Playing faults: one after another, each from the steady state to the state it has to end in."""

import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.chaos.ends import LIVE, Look
from tests.chaos.fault import Fault
from tests.chaos.judge import Played, see
from tests.chaos.stage import NAMES, Stage
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.deadline import LabError

SETTLES_WITHIN = 25.0
CALM_SECONDS = 2.0
KEPT_SECONDS = 10.0  # of what arrived before a fault
# What an act may run into: one bad fault does not hide the others.
TROUBLE = (LabError, OSError, subprocess.SubprocessError)


def play_all(server: str, faults: Sequence[Fault], journal: Path, screen: Screen) -> Iterator[Played]:
    """Play faults on an ingest server, in a fresh container whenever one fault has spoiled the last.

    What the containers' journals said goes to a file.
    """
    journal.unlink(missing_ok=True)
    left = list(faults)
    while left:
        with Container() as container:
            stage = Stage(container, server, screen)
            try:
                yield from _play_while_whole(stage, left)
            finally:
                with journal.open("a") as file:
                    file.write("".join((*stage.journals, container.journal())))
                stage.close()


def _play_while_whole(stage: Stage, left: list[Fault]) -> Iterator[Played]:
    """Take faults from the list and play them, until one leaves a broadcast that does not settle."""
    stage.build()
    settle(stage)  # a product that cannot even begin is no fault's fault
    while left:
        fault = left.pop(0)
        stage.screen.line(f"{fault.name}: {fault.text}", "event")
        yield play(stage, fault)
        if left and not _settles(stage):
            stage.screen.line("the broadcast is not itself again: a fresh container", "bad")
            return


def play(stage: Stage, fault: Fault) -> Played:
    """Play one fault on a broadcast that is live, and measure it."""
    stage.counts, stage.complaints = {}, []
    start = end = time.monotonic()
    healed = None
    try:
        with stage.undo:
            start, end, healed = _suffer(stage, fault)
    except TROUBLE as error:
        stage.complaints.append(f"could not be undone: {_first_line(error)}")
    if fault.stands is not None:
        end = min(end, start + fault.stands)
    for platform in stage.platforms.values():
        platform.reader.update()
    played = Played(
        name=fault.name,
        text=fault.text,
        server=stage.server,
        concerns=fault.concerns,
        bound_ms=fault.bound_ms,
        end_state=fault.end.name,
        healed=healed is not None,
        seconds_to_heal=healed,
        platforms={name: see(stage.platforms[name].reader.connections, start, end) for name in NAMES},
        complaints=tuple(stage.complaints),
        counts=dict(stage.counts),
    )
    stage.forget(time.monotonic() - KEPT_SECONDS)
    return played


def settle(stage: Stage) -> None:
    """Wait until the broadcast is live everywhere, and look on for a moment."""
    _reach(stage, LIVE.missing, SETTLES_WITHIN, time.monotonic())
    stage.watch(CALM_SECONDS)


def _settles(stage: Stage) -> bool:
    try:
        settle(stage)
    except TROUBLE as error:
        stage.screen.line(_first_line(error), "bad")
        return False
    return True


def _suffer(stage: Stage, fault: Fault) -> tuple[float, float, float | None]:
    """Do it, and see whether it heals: (start, end, seconds from the last blow to the right state)."""
    start = time.monotonic()
    try:
        if fault.prepare is not None:
            fault.prepare(stage)
            stage.watch(CALM_SECONDS)
        start = stage.since = time.monotonic()
        fault.act(stage)
        # What was on its way when the act ended proves nothing.
        _reach(stage, fault.end.missing, fault.heals_within, time.monotonic())
        healed = time.monotonic() - stage.since
        changes = len(stage.view.changes)
        stage.watch(fault.steady)
        missing = fault.end.missing(stage, time.monotonic() - fault.steady - 1)
        flips = [
            f"{one.platform} received {one.source} {one.time - start:.1f} s after the start"
            for one in stage.view.changes[changes:]
        ]
        if missing or flips:
            raise LabError(f"did not stay {fault.end.name}: {'; '.join(filter(None, (missing, *flips)))}")
    except TROUBLE as error:
        stage.complaints.append(_first_line(error))
        return start, time.monotonic(), None
    return start, time.monotonic(), healed


def _reach(stage: Stage, look: Look, within: float, since: float) -> None:
    """Look on until nothing is missing; the LabError says what still was."""
    missing = ""

    def is_reached() -> bool:
        nonlocal missing
        missing = look(stage, since)
        return not missing

    try:
        stage.wait(is_reached, within, "the right state")
    except LabError as error:
        raise LabError(f"{error}: {missing}") from error


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
