"""on-air, off-air and fallback on|off, with a systemctl of our own on the PATH."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from restream_agent.base import paths
from restream_agent.base.channel_paths import ChannelPaths, paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.cli import broadcast, status_view
from restream_agent.cli.main import main
from restream_agent.systemd import systemctl
from restream_agent.wire.status_report import StatusReport
from tests.unit.cli.test_broadcast_words import ALONE, SENDING
from tests.unit.cli.test_channel_view import answer

SYSTEMCTL = """\
#!/bin/sh
here={here}
[ "$1" = show ] || echo "$*" >> $here/calls
case "$*" in
show*) cat $here/state ;;
*restream-off-air.service) cat $here/after > $here/state ;;
esac
"""
ON_AIR = "Id=restream.target\nActiveState=active\n"


@dataclass
class Operator:
    """A machine on which commands are typed."""

    here: Path
    monkeypatch: pytest.MonkeyPatch

    def has(self, on_air: bool, *, ended: bool = True, status: StatusReport | None = None) -> None:
        """Set whether it is on air, whether an off-air ends that, and what the agent answers, if it does."""
        (self.here / "state").write_text(ON_AIR if on_air else "")
        (self.here / "after").write_text("" if ended else ON_AIR)

        def fetch() -> dict[str, Any]:
            if status is None:
                raise RestreamError("the agent does not answer")
            return answer(status)

        self.monkeypatch.setattr(status_view, "fetch", fetch)

    def type(self, *command: str) -> Result:
        done = CliRunner().invoke(main, command)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    @property
    def calls(self) -> list[str]:
        return (self.here / "calls").read_text().splitlines()

    @property
    def marks(self) -> set[str]:
        return {path.name for path in (self.here / "operator").iterdir()}


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Make a machine with one channel."""
    (tmp_path / "operator").mkdir()
    (tmp_path / "agent.json").touch()
    program = tmp_path / "systemctl"
    program.write_text(SYSTEMCTL.format(here=tmp_path))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setattr(paths, "AGENT_SETTINGS", str(tmp_path / "agent.json"))
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    places: Callable[[str], ChannelPaths] = lambda name: replace(paths_of(name), runtime=str(tmp_path))  # noqa: E731
    monkeypatch.setattr(broadcast, "paths_of", places)
    return Operator(tmp_path, monkeypatch)


def test_off_air_ends_the_broadcast_and_says_so(operator: Operator) -> None:
    """The unit that it starts has waited for every process of the broadcast when it has ended."""
    operator.has(True, status=ALONE)
    done = operator.type("off-air")
    assert (done.exit_code, done.stdout) == (0, "off air, until OBS comes, or until restream-agent on-air\n")
    assert operator.calls == ["start -- restream-off-air.service"]
    assert operator.marks == {"end"}


def test_off_air_while_off_air_says_that_it_was(operator: Operator) -> None:
    """And what OBS does meanwhile."""
    operator.has(False, status=SENDING)
    assert operator.type("off-air").stdout.startswith("off air already; OBS is still sending: ")


def test_an_off_air_that_is_overtaken_is_no_success(operator: Operator) -> None:
    """OBS may start its stream anew in the moment of the end: it is off air when it returns, or it fails."""
    operator.has(True, ended=False, status=SENDING)
    done = operator.type("off-air")
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("restream-agent: the channel is on air again: ")
    assert "stop the stream in OBS, then restream-agent off-air" in done.stderr


def test_on_air_says_what_comes_next(operator: Operator) -> None:
    """Also if the agent does not tell what OBS does: the change needs no agent."""
    operator.has(False)
    done = operator.type("on-air")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "on air with the fallback, until OBS comes, or until restream-agent off-air\n"
    operator.has(True, status=SENDING)
    assert operator.type("on-air").stdout == "on air already: LIVE for 15min\n"
    assert operator.marks == {"open"}


def test_a_break_says_the_new_state_also_when_it_was_so(operator: Operator) -> None:
    """Twice on, twice off."""
    operator.has(True, status=SENDING)
    said = [operator.type("fallback", word).stdout for word in ("on", "on", "off", "off")]
    assert said == [
        "the fallback plays, until restream-agent fallback off\n",
        "the fallback plays already, until restream-agent fallback off\n",
        "the break is over: back to OBS from its next keyframe on\n",
        "there was no break: LIVE for 15min\n",
    ]
    assert operator.calls == ["reload -- fallback.service"] * 4


def test_a_break_off_air_is_an_error_that_names_the_command(operator: Operator) -> None:
    """There is nothing to take a break from."""
    operator.has(False, status=ALONE)
    done = operator.type("fallback", "on")
    assert (done.exit_code, done.stderr.splitlines()[0]) == (1, "restream-agent: nothing is on air")
    assert "restream-agent on-air starts a broadcast with the fallback" in done.stderr
