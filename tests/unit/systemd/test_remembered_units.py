"""Units that are looked at all the time: what cannot have changed is not read again."""

import json
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.systemd.remembered_units import RememberedUnits

RELAY, TARGET = "ffmpeg-relay@twitch.service", "restream.target"
PATTERNS = ("restream*.target", "restream-*.timer", "ffmpeg-relay@*.service")


@dataclass
class ListingSystemctl:
    """A systemctl with units (ActiveState, id of the run); `shown` has the units of each `show`."""

    links: Path
    units: dict[str, tuple[str, str]] = field(default_factory=dict)
    job: str = ""
    shown: list[list[str]] = field(default_factory=list)
    answer: str | None = None

    def set(self, unit: str, active: str, run: str = "") -> None:
        """Change a unit, as systemd does; only a service has a link."""
        self.units[unit] = (active, run)
        link = self.links / f"invocation:{unit}"
        link.unlink(missing_ok=True)
        if active == "active" and unit.endswith(".service"):
            link.symlink_to(run)

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert (timeout > 0, ok) == (True, (0,))
        asked = argv[argv.index("--") + 1 :]
        found = [unit for unit in self.units if any(fnmatch(unit, each) for each in asked)]
        if argv[1] == "list-units":
            rows = [
                {"unit": unit, "load": "loaded", "active": self.units[unit][0], "sub": "", "job": self.job}
                for unit in found
            ]
            return CompletedProcess(argv, 0, self.answer or json.dumps(rows), "")
        self.shown.append(found)
        blocks = (
            f"Id={unit}\nActiveState={self.units[unit][0]}\nInvocationID={self.units[unit][1]}\n"
            "InactiveEnterTimestampMonotonic=1000000\n"
            for unit in found
        )
        return CompletedProcess(argv, 0, "\n".join(blocks), "")


@pytest.fixture
def machine(tmp_path: Path) -> ListingSystemctl:
    return ListingSystemctl(tmp_path)


@pytest.fixture
def look(machine: ListingSystemctl) -> RememberedUnits:
    return RememberedUnits(machine, machine.links)


def test_a_service_that_runs_on_is_read_once(machine: ListingSystemctl, look: RememberedUnits) -> None:
    """What was read of it is returned again."""
    machine.set(RELAY, "active", "run-1")
    first = look(PATTERNS)
    assert (look(PATTERNS), machine.shown) == (first, [[RELAY]])
    assert (first[RELAY].active, first[RELAY].run) == ("active", "run-1")


def test_a_restart_between_two_looks_is_seen(machine: ListingSystemctl, look: RememberedUnits) -> None:
    """The list says the same of it, but the id of its run is another."""
    machine.set(RELAY, "active", "run-1")
    look(PATTERNS)
    machine.set(RELAY, "active", "run-2")
    assert look(PATTERNS)[RELAY].run == "run-2"


def test_a_restart_while_it_is_read_is_seen_the_next_time(
    machine: ListingSystemctl, look: RememberedUnits
) -> None:
    """What was read belongs to another run than the link did."""
    machine.set(RELAY, "active", "run-1")
    machine.units[RELAY] = ("active", "run-2")
    assert look(PATTERNS)[RELAY].run == "run-2"
    machine.set(RELAY, "active", "run-2")
    look(PATTERNS)
    assert machine.shown == [[RELAY], [RELAY]]


@pytest.mark.parametrize("unit", [TARGET, "restream-off-air.timer"])
def test_what_has_no_run_is_read_each_time(
    machine: ListingSystemctl, look: RememberedUnits, unit: str
) -> None:
    """Nothing tells that it went and came; of a target nothing does while its program does not run."""
    machine.set(unit, "active", "run-1")
    look(PATTERNS)
    machine.set(unit, "active", "run-2")
    assert look(PATTERNS)[unit].run == "run-2"


@pytest.mark.parametrize(("target", "program"), [
    (TARGET, "fallback.service"), ("restream@es.target", "fallback@es.service"),
])  # fmt: skip
def test_a_broadcast_that_goes_on_is_read_once(
    machine: ListingSystemctl, look: RememberedUnits, target: str, program: str
) -> None:
    """Its program runs on. A broadcast that ended and another that began have programs of their own."""
    machine.set(target, "active", "broadcast-1")
    machine.set(program, "active", "program-1")
    for _ in range(3):
        assert look(PATTERNS)[target].run == "broadcast-1"
    assert machine.shown == [[target]]
    machine.set(target, "active", "broadcast-2")
    machine.set(program, "active", "program-2")
    assert look(PATTERNS)[target].run == "broadcast-2"


@pytest.mark.parametrize("unit", [TARGET, "restream-off-air.timer"])
def test_off_air_they_are_not_read_again(machine: ListingSystemctl, look: RememberedUnits, unit: str) -> None:
    """A look off air is one systemctl, until the unit is up again."""
    machine.set(unit, "inactive", "run-1")
    for _ in range(3):
        assert look(PATTERNS)[unit].active == "inactive"
    assert machine.shown == [[unit]]
    machine.set(unit, "active", "run-2")
    assert look(PATTERNS)[unit].run == "run-2"


@pytest.mark.parametrize("active", ["failed", "activating", "deactivating"])
def test_what_changes_its_words_is_read_each_time(
    machine: ListingSystemctl, look: RememberedUnits, active: str
) -> None:
    """A relay tells its attempts while it is activating."""
    machine.set(RELAY, active, "run-1")
    look(PATTERNS)
    look(PATTERNS)
    assert machine.shown == [[RELAY], [RELAY]]


def test_a_job_is_read(machine: ListingSystemctl, look: RememberedUnits) -> None:
    """A unit that waits to be stopped says so."""
    machine.set(RELAY, "active", "run-1")
    look(PATTERNS)
    machine.job = "stop"
    look(PATTERNS)
    look(PATTERNS)
    assert machine.shown == [[RELAY], [RELAY], [RELAY]]


def test_a_relay_off_air_is_not_read_again(machine: ListingSystemctl, look: RememberedUnits) -> None:
    """systemd keeps it loaded; it ends up inactive, and stays so."""
    machine.set(RELAY, "active", "run-1")
    look(PATTERNS)
    machine.set(RELAY, "inactive", "run-1")
    assert [look(PATTERNS)[RELAY].active for _ in range(3)] == ["inactive"] * 3
    assert machine.shown == [[RELAY], [RELAY]]


def test_a_unit_that_systemd_has_forgotten_is_gone(machine: ListingSystemctl, look: RememberedUnits) -> None:
    """It is read again when it comes back."""
    machine.set(RELAY, "active", "run-1")
    look(PATTERNS)
    del machine.units[RELAY]
    assert look(PATTERNS) == {}
    machine.set(RELAY, "inactive", "run-1")
    assert look(PATTERNS)[RELAY].active == "inactive"


def test_a_look_at_other_units_forgets_none(machine: ListingSystemctl, look: RememberedUnits) -> None:
    """A hook looks at the units of its own channel alone."""
    machine.set(RELAY, "active", "run-1")
    look(PATTERNS)
    look(("restream.target",))
    look(PATTERNS)
    assert machine.shown == [[RELAY]]


@pytest.mark.parametrize("answer", ["no units", '{"unit": 1}', "[1]"])
def test_an_answer_that_is_no_list_is_an_error(
    machine: ListingSystemctl, look: RememberedUnits, answer: str
) -> None:
    """It is not taken for a machine without units."""
    machine.answer = answer
    with pytest.raises(RestreamError, match="no list of units"):
        look(PATTERNS)
