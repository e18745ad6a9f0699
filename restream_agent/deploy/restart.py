"""`restream-agent restart`: has agent and programs run the installed version, and looks whether they do.

systemd keeps the program's sockets, so the relays and their connections outlive its restart. The agent comes
first: a version whose agent does not start touches no broadcast.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from restream_agent.base import package_files
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN, Channel, channel_of
from restream_agent.systemd.systemctl import Systemd
from restream_agent.systemd.unit_names import instances_of, is_of_program, template_of
from restream_agent.systemd.unit_state import UnitState

_FED_WITHIN = 30.0
"""Seconds. A program feeds the relays as soon as it runs; a relay that apply has restarted connects anew."""

_STEADY = 3.0
"""Seconds for which nothing may end. The program's watchdog ends one that hangs after 2 s."""

_LOOK_EVERY = 0.5
"""Seconds. The program reports so often."""

_PROGRAMS = (unit_names.PROGRAM_UNIT, instances_of(template_of(unit_names.PROGRAM_UNIT)))
_TARGETS = (unit_names.TARGET, instances_of(template_of(unit_names.TARGET)))
_RELAYS = instances_of(unit_names.RELAY_TEMPLATE)
_REASON = "the installed version is to run"

StatusSource = Callable[[], Mapping[str, Any]]
"""Asks the agent for its status, as JSON: that of another version does. RestreamError if it is silent."""


@dataclass(frozen=True)
class Running:
    """What runs before a restart: units by name, and which relays (channel, name) read the program."""

    units: Mapping[str, UnitState]
    fed: frozenset[tuple[str, str]]

    def unchanged(self, now: Mapping[str, UnitState]) -> tuple[str, ...]:
        """Return the units that run on as they did."""
        return tuple(unit for unit, state in self.units.items() if unit in now and now[unit].run == state.run)


def look(systemd: Systemd, status: StatusSource) -> Running:
    """Return what runs now. An agent that does not answer feeds nobody, as far as is known."""
    units = systemd.units(unit_names.AGENT_UNIT, unit_names.NOTIFY_UNIT, *_PROGRAMS, _RELAYS)
    return Running({unit: state for unit, state in units.items() if state.is_up}, frozenset(_sent(status)))


def restart(
    before: Running,
    systemd: Systemd,
    status: StatusSource,
    *,
    steady: float = _STEADY,
    fed_within: float = _FED_WITHIN,
) -> tuple[str, ...]:
    """Restart what has not been restarted since `before`; return the units, those that were before included.

    For `steady` seconds nothing may end, and within `fed_within` seconds all relays get the program.

    Raises RestreamError for a unit that does not start or ends at once, for an agent of another version, and
    for a relay that got the program before and does not now.
    """
    found = (unit for unit in before.units if not unit.startswith("ffmpeg-relay@"))
    services = tuple(sorted(found, key=lambda unit: (is_of_program(unit), unit)))
    unchanged = before.unchanged(systemd.units(*services))
    due = tuple(unit for unit in services if unit in unchanged)
    for units in (tuple(unit for unit in due if not is_of_program(unit)), tuple(filter(is_of_program, due))):
        _change(units, systemd)
    runs = _runs(services, systemd)
    begun, missing, earlier = time.monotonic(), set(before.fed), dict[tuple[str, str], int]()
    while missing or time.monotonic() - begun < steady:
        if time.monotonic() - begun > fed_within:
            names = ", ".join(Channel(channel).relay(relay) for channel, relay in sorted(missing))
            raise RestreamError(f"the program does not feed {names}")
        time.sleep(_LOOK_EVERY)
        _require_same(runs, systemd)
        sent = _sent(status)
        missing = _still_missing(missing, earlier, sent, systemd)
        earlier = sent
    if unit_names.AGENT_UNIT in services:
        _require_version(str(status().get("version", "")))
    return services


def relays_that_run_on(before: Running, systemd: Systemd) -> tuple[str, ...]:
    """Return the names of the relays that have not been restarted since."""
    relays = before.unchanged(systemd.units(_RELAYS))
    return tuple(sorted(unit_names.relay_of(unit) for unit in relays if unit.startswith("ffmpeg-relay@")))


def _change(units: tuple[str, ...], systemd: Systemd) -> None:
    try:
        systemd.change("try-restart", units, reason=_REASON)
    except CommandError as error:
        words = "\n".join(line for unit in units for line in systemd.last_words(unit, 4))
        raise RestreamError(f"{', '.join(units)} did not start\n{words}".rstrip()) from error


def _still_missing(
    missing: set[tuple[str, str]],
    earlier: Mapping[tuple[str, str], int],
    sent: Mapping[tuple[str, str], int],
    systemd: Systemd,
) -> set[tuple[str, str]]:
    """Return the relays that have had nothing more since an earlier look, though their channel is on air."""
    on_air = {channel_of(unit).name for unit in systemd.active(*_TARGETS)}
    fed = {relay for relay in missing if relay in earlier and sent.get(relay, 0) > earlier[relay]}
    return {relay for relay in missing - fed if relay[0] in on_air}


def _require_same(runs: Mapping[str, str], systemd: Systemd) -> None:
    """Raise RestreamError for a unit that has ended since; a program ends with its broadcast."""
    ended = [unit for unit, run in _runs(runs, systemd).items() if run != runs[unit]]
    targets = {unit: channel_of(unit).unit(unit_names.TARGET) for unit in filter(is_of_program, ended)}
    on_air = systemd.active(*targets.values()) if targets else {}
    ended = [unit for unit in ended if unit not in targets or targets[unit] in on_air]
    if ended:
        words = "\n".join(systemd.last_words(ended[0], 4))
        raise RestreamError(f"{', '.join(ended)} ended at once\n{words}".rstrip())


def _runs(units: Iterable[str], systemd: Systemd) -> dict[str, str]:
    """Return what identifies the run of each unit; "" for one that does not run."""
    states = systemd.units(*units) if units else {}
    return {unit: states[unit].run if unit in states and states[unit].is_up else "" for unit in units}


def _sent(status: StatusSource) -> dict[tuple[str, str], int]:
    """Return how many bytes each connected relay has had from the program; none if the agent is silent."""
    try:
        main = status()
    except RestreamError:
        return {}
    channels = {MAIN: main, **main.get("channels", {})}
    return {
        (channel, name): relay.get("sent") or 0
        for channel, report in channels.items()
        for name, relay in report.get("relays", {}).items()
        if relay.get("connected")
    }


def _require_version(running: str) -> None:
    installed = package_files.version()
    if running != installed:
        raise RestreamError(f"the agent that runs is {running or 'of an earlier version'}, not {installed}")
