"""Attacks on the public port of a running product, from another computer, off air and on air."""

import json
import shutil
import statistics
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.attack.port_attacks import MOST_SECONDS, NOTHING, PortAttack
from tests.attack.port_judge import BACK_WITHIN, PortOutcome
from tests.chaos.broadcast import INGEST_PORT, NAMES, ChaosBroadcast
from tests.chaos.drive import settle
from tests.chaos.ends import LIVE, OFF_AIR
from tests.chaos.judge import see
from tests.demo.install import PROJECT
from tests.demo.screen import Screen
from tests.lab import outside, units
from tests.lab.container import SHARED, Container
from tests.lab.deadline import LabError

FIREWALL = PROJECT / "examples/nftables/restream-agent.nft"
INGEST, HOLD = "restream-ingest.service", "restream-off-air.timer"
UNITS = (
    INGEST,
    "restream-agent.service",
    "fallback.service",
    "live@main.service",
    "ffmpeg-relay@alpha.service",
)
SAMPLE_SECONDS = 0.5
FALSE_LOOKS = 4  # a hold that runs for so many looks while OBS is connected has begun falsely
INTRUDER_SECONDS = MOST_SECONDS + 60


def play_attacks(
    server: str, attacks: Sequence[PortAttack], screen: Screen, out: Path, *, has_firewall: bool
) -> Iterator[PortOutcome]:
    """Play each attack off air and on air, all in one container; its journal is written into `out`.

    With a firewall, the rules of examples/nftables are loaded first.
    """
    with Container() as container:
        broadcast = ChaosBroadcast(container, server, screen)
        try:
            broadcast.build()
            shutil.copytree(Path(__file__).parent, container.shared / "attack", dirs_exist_ok=True)
            outside.connect_another_computer(container)
            if has_firewall:
                container.run(("nft", "-f", "-"), input=FIREWALL.read_text())
            settle(broadcast)
            for attack in attacks:
                screen.line(f"{attack.name}: {attack.text}", "event")
                yield _off_air(broadcast, attack)
                settle(broadcast)
                yield _on_air(broadcast, attack)
                settle(broadcast)
        finally:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"journal-{server}.txt").write_text(container.journal())
            broadcast.close()


def _off_air(broadcast: ChaosBroadcast, attack: PortAttack) -> PortOutcome:
    """Attack while nothing is on air; then OBS comes."""
    broadcast.obs.leave()
    broadcast.product("off-air")
    broadcast.wait(lambda: not OFF_AIR.missing(broadcast, 0.0), 30, "off air")
    with _Watch(broadcast) as watch:
        report = attack_port(broadcast.container, attack)
        came = time.monotonic()
        broadcast.obs.come()
        back = _back(broadcast, came)
    return _outcome(broadcast, attack, report, watch, back)


def _on_air(broadcast: ChaosBroadcast, attack: PortAttack) -> PortOutcome:
    """Attack a live broadcast; afterwards OBS reconnects once, unless the attack has cut it off."""
    before, start = broadcast.obs.attempts, time.monotonic()
    with _Watch(broadcast) as watch:
        report = attack_port(broadcast.container, attack)
        came = time.monotonic()
        if broadcast.obs.attempts == before:
            broadcast.obs.kill()
        is_after_drop = report["recovery"] is None
        if is_after_drop:
            # The agent restarts a dead server only when nobody's stream would end.
            report["recovery"] = attack_port(broadcast.container, NOTHING)["recovery"]
        back = _back(broadcast, came)
        broadcast.watch(1)
    end = time.monotonic()
    for platform in broadcast.platforms.values():
        platform.reader.update()
    lost, gap = _seen(broadcast, start, came)
    lost_later, gap_later = _seen(broadcast, came, end)
    outcome = _outcome(broadcast, attack, report, watch, back, seen=(lost + lost_later, gap))
    return replace(outcome, is_after_drop=is_after_drop, reconnect_gap_ms=gap_later)


def _seen(broadcast: ChaosBroadcast, start: float, end: float) -> tuple[int, float]:
    """Return the connections that the platforms lost, and the median of their longest silences in ms."""
    seen = [see(broadcast.platforms[name].reader.connections, start, end) for name in NAMES]
    return sum(one.connections_lost for one in seen), statistics.median(one.gap_ms for one in seen)


def attack_port(container: Container, attack: PortAttack) -> dict[str, Any]:
    """Run the intruder on the other computer; return its report."""
    argv = ("env", f"PYTHONPATH={SHARED}", "/usr/bin/python3", "-m", "attack.intruder")
    place = (attack.name, outside.HERE, str(INGEST_PORT))
    done = container.run((*outside.OUTSIDE, *argv, *place), timeout=INTRUDER_SECONDS)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _back(broadcast: ChaosBroadcast, since: float) -> float | None:
    """Return after how many seconds every platform receives live; None if not within twice BACK_WITHIN."""
    try:
        broadcast.wait(lambda: not LIVE.missing(broadcast, time.monotonic() - 1), 2 * BACK_WITHIN, "live")
    except LabError:
        return None
    return time.monotonic() - since


def _outcome(
    broadcast: ChaosBroadcast,
    attack: PortAttack,
    report: dict[str, Any],
    watch: "_Watch",
    back: float | None,
    seen: tuple[int, float] | None = None,
) -> PortOutcome:
    lost, gap = (0, None) if seen is None else seen
    limits = {unit: broadcast.show(unit, "MemoryMax") for unit in UNITS}
    broadcast.forget(time.monotonic() - 10)
    return PortOutcome(
        name=attack.name,
        server=broadcast.server,
        is_on_air=seen is not None,
        recovery=report["recovery"],
        back=back,
        lost=lost,
        gap_ms=gap,
        restarts=watch.restarts,
        memory=watch.peaks,
        limits={unit: int(limit) / 1024 for unit, limit in limits.items() if limit.isdecimal()},
        ends=report["ends"],
        checks=tuple(report["checks"]),
        complaints=tuple(watch.complaints),
    )


class _Watch:
    """Measures memory (PSS in KiB) and watches the hold in a thread of its own."""

    def __init__(self, broadcast: ChaosBroadcast) -> None:
        self._broadcast = broadcast
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._processes: set[int] = set()
        self._session = self._false = 0
        self.peaks: dict[str, float] = {}
        self.complaints: list[str] = []

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._thread.join()

    @property
    def restarts(self) -> int:
        """How often the ingest server was started again while we looked."""
        return max(0, len(self._processes) - 1)

    def _look(self) -> None:
        container = self._broadcast.container
        while not self._is_over.wait(SAMPLE_SECONDS):
            for unit in UNITS:
                found = units.pids(container, unit)
                self._processes |= set(found[:1]) if unit == INGEST else set()
                costs = filter(None, map(units.cost, found))
                total = sum(one.pss if one.pss is not None else one.rss for one in costs)
                self.peaks[unit] = max(self.peaks.get(unit, 0), total)
            self._look_at_hold()

    def _look_at_hold(self) -> None:
        """Complain if the hold runs while the same OBS stays connected for FALSE_LOOKS looks."""
        obs = self._broadcast.obs
        session = obs.attempts if obs.is_published() else 0
        is_false = session and session == self._session and self._broadcast.container.is_active(HOLD)
        self._session, self._false = session, self._false + 1 if is_false else 0
        if self._false == FALSE_LOOKS:
            self.complaints.append("the hold runs although OBS is connected")
