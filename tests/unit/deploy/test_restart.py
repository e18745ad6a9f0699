"""restart: the agent, then the programs; it fails if one ends, a relay starves, or another version runs."""

from collections.abc import Callable
from subprocess import CompletedProcess
from typing import Any

import pytest

from restream_agent.base import package_files
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.deploy import restart
from restream_agent.systemd.systemctl import Systemd

AGENT, PROGRAM, RELAY = "restream-agent.service", "fallback.service", "ffmpeg-relay@twitch.service"


class RestartMachine:
    """A systemd whose units have runs with numbers, and an agent whose relay gets more at each look."""

    def __init__(self) -> None:
        self.runs = {AGENT: 1, PROGRAM: 1, RELAY: 1, "restream.target": 1}
        self.restarted: list[str] = []
        self.fails = self.dies = ""
        self.version = package_files.version()
        self.sent, self.grows = 1000, True

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert timeout > 0
        assert 0 in ok
        units = [word for word in argv if word in self.runs]
        if "try-restart" in argv:
            self.restarted += units
            if self.fails in units:
                raise CommandError(argv, "failed with exit status 1")
            self.runs |= {unit: self.runs[unit] + 1 for unit in units}
        elif self.dies in self.restarted:
            self.runs[self.dies] += 1
        patterns = argv[argv.index("--") + 1 :] if "--" in argv else ()
        shown = [unit for unit in self.runs if any(unit.startswith(each.split("*")[0]) for each in patterns)]
        blocks = (f"Id={unit}\nActiveState=active\nInvocationID={self.runs[unit]}" for unit in shown)
        return CompletedProcess(argv, 0, "\n\n".join(blocks), "")

    def status(self) -> dict[str, Any]:
        self.sent += 100 if self.grows else 0
        relays = {"twitch": {"connected": True, "sent": self.sent}}
        return {"version": self.version, "relays": relays, "a key of a later version": 1}


def restarted(machine: RestartMachine, between: Callable[[], None] = lambda: None) -> tuple[str, ...]:
    systemd = Systemd(machine)
    before = restart.look(systemd, machine.status)
    between()
    units = restart.restart(before, systemd, machine.status, steady=0.0, fed_within=2.0)
    assert restart.relays_that_run_on(before, systemd) == ("twitch",)
    return units


def test_the_agent_comes_first_and_no_relay_is_touched() -> None:
    """Both are restarted once."""
    machine = RestartMachine()
    assert restarted(machine) == (AGENT, PROGRAM)
    assert machine.restarted == [AGENT, PROGRAM]


def test_what_apply_has_restarted_is_not_restarted_again() -> None:
    """The program has a new unit, so it runs the new version already."""
    machine = RestartMachine()
    assert PROGRAM in restarted(machine, lambda: machine.runs.update({PROGRAM: 2}))
    assert machine.restarted == [AGENT]


def test_an_agent_that_does_not_start_keeps_the_program_as_it_is() -> None:
    """The broadcast notices nothing of such a version."""
    machine = RestartMachine()
    machine.fails = AGENT
    with pytest.raises(RestreamError, match=r"restream-agent\.service did not start"):
        restarted(machine)
    assert machine.restarted == [AGENT]


def test_a_program_that_ends_again_and_again_is_noticed() -> None:
    """systemd starts it anew, so its run is another one at each look."""
    machine = RestartMachine()
    machine.dies = PROGRAM
    with pytest.raises(RestreamError, match=r"fallback\.service ended at once"):
        restarted(machine)


def test_a_relay_that_gets_nothing_more_is_named() -> None:
    """It was connected before, and says that it is connected."""
    machine = RestartMachine()
    machine.grows = False
    with pytest.raises(RestreamError, match="the program does not feed twitch"):
        restarted(machine)


def test_an_agent_of_another_version_is_refused() -> None:
    """As with units that name another place than the package's."""
    machine = RestartMachine()
    machine.version = "0.0"
    with pytest.raises(RestreamError, match=r"the agent that runs is 0\.0, not "):
        restarted(machine)
