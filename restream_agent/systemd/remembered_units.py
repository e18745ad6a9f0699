"""The states of units for one who looks at them all the time: only what can have changed is read again.

`systemctl show` costs systemd and itself 1 to 2 ms for each unit, and `systemctl list-units` 7 ms for fifty
(tests/lab/agent_load.py; docs/design.md, "Measured facts"). The list has no restarts in it. But systemd keeps
a link for each service that runs, with the id of its run (unit_export_invocation_id in systemd's
core/unit.c), and each start has an id of its own. A broadcast's target has none, but its program has, which
starts and stops with it.
"""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from restream_agent.base.errors import RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import QUERY_TIMEOUT, Runner, show_units
from restream_agent.systemd.unit_state import UnitState

RUNS = Path("/run/systemd/units")
"""Links of the name `invocation:UNIT`."""

_LISTED = ("active", "sub", "job")


@dataclass(frozen=True)
class _Seen:
    """What the list says of a unit, and the id of its run or of its program's, "" if there is none."""

    listed: tuple[str, ...]
    run: str


class RememberedUnits:
    """Looks at units for all threads of a process."""

    def __init__(self, runner: Runner, runs: Path = RUNS) -> None:
        """`runs` is the directory of the links."""
        self._run, self._runs = runner, runs
        self._known: dict[str, tuple[_Seen, UnitState | None]] = {}
        self._lock = threading.Lock()

    def __call__(self, patterns: Iterable[str]) -> dict[str, UnitState]:
        """Return the state of each unit that matches a pattern and has ever run; RestreamError as systemctl.

        A unit that is not loaded counts as never run: systemd has forgotten it.
        """
        asked = tuple(patterns)
        seen = {unit: _Seen(listed, self._run_of(unit)) for unit, listed in self._list(asked).items()}
        with self._lock:
            known = {unit: self._known[unit] for unit in seen if unit in self._known}
        due = [
            unit for unit, now in seen.items() if unit not in known or not _is_same(unit, now, known[unit])
        ]
        shown = show_units(self._run, due) if due else {}
        fresh = {unit: (seen[unit], shown.get(unit)) for unit in due}
        self._keep(asked, seen, fresh)
        states = {unit: (fresh.get(unit) or known[unit])[1] for unit in seen}
        return {unit: state for unit, state in states.items() if state is not None}

    def _keep(
        self,
        asked: tuple[str, ...],
        seen: Mapping[str, _Seen],
        fresh: Mapping[str, tuple[_Seen, UnitState | None]],
    ) -> None:
        """Remember what was read, and forget the units that systemd has forgotten."""
        with self._lock:
            self._known.update(fresh)
            for unit in set(self._known) - set(seen):
                if any(fnmatchcase(unit, pattern) for pattern in asked):
                    del self._known[unit]

    def _list(self, patterns: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        argv = ("systemctl", "list-units", "--all", "--output=json", "--", *patterns)
        try:
            rows = json.loads(self._run(argv, timeout=QUERY_TIMEOUT).stdout)
            return {row["unit"]: tuple(row.get(name, "") for name in _LISTED) for row in rows}
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RestreamError("systemctl list-units: the answer is no list of units") from error

    def _run_of(self, unit: str) -> str:
        service = unit_names.program_of(unit) if _is_broadcast(unit) else unit
        try:
            return str((self._runs / f"invocation:{service}").readlink())
        except OSError:
            return ""


def _is_same(unit: str, now: _Seen, known: tuple[_Seen, UnitState | None]) -> bool:
    """Whether a unit is as it was read: what runs on in the same run, or does not run.

    Of a timer that is up nothing tells that it went and came. What has failed may have failed again. What is
    starting or stopping changes its words. What was inactive at two looks counts as inactive all the time: a
    broadcast that somebody has started and stopped by hand in between changes no decision.
    """
    before, state = known
    active, _, job = now.listed
    if before != now or job:
        return False
    if active == "inactive":
        return True
    if active != "active" or state is None or not now.run:
        return False
    return _is_broadcast(unit) or now.run == state.run


def _is_broadcast(unit: str) -> bool:
    return unit.endswith(".target")
