"""`apply --confirm`: confirmed, not confirmed, its terminal lost or killed, and a reboot in between."""

import json
from collections.abc import Iterator

import pytest

from tests.demo.install import ETC, PROGRAM, _install_wheel, configuration
from tests.lab.container import Container
from tests.lab.pty_command import LabTerminal
from tests.system.conftest import CLUB, KEY
from tests.system.installation import SETTLED, TOML, Installation
from tests.system.test_first_apply import everything

pytestmark = pytest.mark.system

COPY = "/root/new.toml"
"""The agent applies an edit of the TOML itself, so a change is tried from a copy."""

ASKED = "in another terminal).\n\n\x1b[K"
"""The end of the question, and the beginning of the countdown: what is typed before that is forgotten.

Each carriage return is read as the end of a line.
"""

TAKE_BACK = "restream-take-back.service"
RECORD = "/var/lib/restream-agent/unconfirmed.json"
SHORT, LONG = "8s", "10min"
SECOND = '\n[platforms.second]\nurl = "rtmp://127.0.0.1:21001/app"\nkey = { credential = "club" }\n'


def change(installation: Installation) -> str:
    """Return the TOML with another platform and another hold."""
    return installation.toml.replace('hold = "12s"', 'hold = "13s"') + SECOND


def state(installation: Installation) -> set[str]:
    """Return a line for every file, for each unit that runs, and for each line of the manifest."""
    manifest = (f"manifest: {line}" for line in installation.manifest().splitlines())
    return {*installation.files().splitlines(), *installation.runs(), *manifest}


@pytest.fixture
def before(applied: Installation) -> Iterator[set[str]]:
    """Write the copy with the change, and return how everything is before it; afterwards it is so again."""
    applied.container.write(COPY, change(applied))
    was = state(applied)
    yield was
    applied.product("apply")
    assert was == state(applied)


def trying(installation: Installation, within: str) -> LabTerminal:
    """Apply the copy in a terminal, and wait until it asks."""
    terminal = LabTerminal(installation.container, PROGRAM, "apply", "--confirm", within, COPY)
    terminal.wait_for(ASKED)
    return terminal


def wait_decided(installation: Installation) -> None:
    """Wait until nothing waits to be confirmed any more, and its units are gone."""
    there = ("sh", "-c", f"ls {RECORD} /etc/systemd/system/restream-take-back.*")

    def is_decided() -> bool:
        left = installation.container.run(there, check=False).stdout
        return not left and installation.show(TAKE_BACK, "ActiveState") != "activating"

    installation.container.wait_until(is_decided, 60, "the change to be decided")


def kill(installation: Installation) -> None:
    """Kill the command and its terminal, as the kernel does when memory runs out."""
    installation.container.run(("pkill", "-KILL", "-f", "apply --confirm"))


def test_enter_keeps_the_change(applied: Installation, before: object) -> None:
    """Nothing is left that would take it back."""
    with trying(applied, LONG) as terminal:
        assert "second: added" in terminal.shown
        assert json.loads(applied.product("status", "--json"))["config"] == "unconfirmed"
        terminal.type("\n")
        assert terminal.end() == 0
        assert "confirmed: the change stays" in terminal.shown
    wait_decided(applied)
    assert applied.product("diff", COPY) == ""
    assert "nothing waits to be confirmed" in applied.product("confirm", code=1)


def test_without_an_answer_all_is_as_before(applied: Installation, before: object) -> None:
    """Files, units, manifest; the terminal says so, and which file still has the change."""
    with trying(applied, SHORT) as terminal:
        assert before != state(applied)
        assert terminal.end() == 1
        assert "taken back: the machine is as it was before the change" in terminal.shown
        assert COPY in terminal.shown
    wait_decided(applied)
    assert before == state(applied)


def test_an_edit_that_came_just_before_is_not_refused_for_good(applied: Installation, before: object) -> None:
    """The agent may have begun to apply it before the apply that is to be confirmed had the lock."""
    systemctl = ("systemctl", "start", "restream-apply.service")
    with trying(applied, SHORT) as terminal:
        assert applied.container.run(systemctl, check=False).returncode != 0
        assert json.loads(applied.product("status", "--json"))["config"] == "unconfirmed"
        terminal.end()
    wait_decided(applied)

    def is_fine() -> bool:
        return bool(json.loads(applied.product("status", "--json"))["config"] == "ok")

    applied.container.wait_until(is_fine, 30, "the edit to be looked at again")


def test_on_air_the_broadcast_goes_on(applied: Installation, before: object) -> None:
    """The new relay joins and leaves; the program and the other relay run on in the same processes."""
    applied.product("on-air")
    was = applied.runs()
    with trying(applied, SHORT) as terminal:
        assert "starts: second" in terminal.shown
        terminal.end()
    wait_decided(applied)
    kept = ("restream.target", "fallback.service", "restream-ingest.service")
    assert [was[unit] for unit in kept] == [applied.runs()[unit] for unit in kept]
    assert set(was) == set(applied.runs())
    applied.product("off-air")


def test_a_killed_process_confirms_nothing(applied: Installation, before: object) -> None:
    """systemd keeps the time."""
    with trying(applied, SHORT):
        kill(applied)
    wait_decided(applied)
    assert before == state(applied)


def test_a_lost_terminal_confirms_nothing_and_another_may(applied: Installation, before: object) -> None:
    """SIGHUP, as when ssh is lost; the next session confirms."""
    with trying(applied, SHORT) as terminal:
        terminal.lose()
    wait_decided(applied)
    assert before == state(applied)
    with trying(applied, LONG) as terminal:
        terminal.lose()
    assert "confirmed: the change stays" in applied.product("confirm")
    wait_decided(applied)
    assert applied.product("diff", COPY) == ""


def test_while_it_waits_nothing_else_is_applied(applied: Installation, before: object) -> None:
    """An apply by hand is refused; an edit of the TOML waits, and is applied after the decision."""
    with trying(applied, LONG):
        said = applied.product("apply", code=1)
        assert "an earlier apply waits to be confirmed; nothing was changed" in said
        runs = len(applied.applied())
        edited = applied.toml.replace("We will be right back", "Soon")
        applied.container.write(TOML, edited)
        applied.container.run(("sleep", "8"))
        assert runs == len(applied.applied())
        assert "taken back" in applied.product("take-back")
    applied.container.wait_until(lambda: len(applied.applied()) > runs, SETTLED, "the edit to be applied")
    assert applied.product("diff") == ""
    applied.edit(applied.toml)


def test_an_apply_that_is_killed_in_the_middle_is_taken_back(applied: Installation, before: object) -> None:
    """Its own time runs from its start."""
    arguments = (PROGRAM, "apply", "--confirm", SHORT, COPY)
    with LabTerminal(applied.container, *arguments):
        applied.container.wait_until(
            lambda: applied.container.run(("test", "-e", RECORD), check=False).returncode == 0, 30, "a change"
        )
        kill(applied)
    wait_decided(applied)
    assert before == state(applied)


def test_a_take_back_that_is_killed_begins_anew(applied: Installation, before: object) -> None:
    """It does not wait for the next boot."""

    def count() -> int:
        return "\n".join(applied.words(TAKE_BACK, lines=500)).count("taking back an apply")

    earlier = count()
    with trying(applied, SHORT) as terminal:
        applied.container.wait_until(lambda: count() > earlier, 60, "the take-back to begin")
        applied.container.run(("systemctl", "kill", "--signal", "KILL", TAKE_BACK))
        assert terminal.end() == 1
    wait_decided(applied)
    assert before == state(applied)
    assert count() == earlier + 2


def test_a_toml_that_was_taken_back_is_not_applied_again(applied: Installation, before: object) -> None:
    """Until it says something else: `status` says that what runs is not what it says.

    Where only root can read the TOML, the agent cannot tell a touch from an edit, and has systemd look.
    """
    applied.container.run(("systemctl", "stop", "restream-agent.service"))
    applied.container.write(TOML, change(applied))
    with LabTerminal(applied.container, PROGRAM, "apply", "--confirm", SHORT) as terminal:
        terminal.wait_for(ASKED)
        applied.container.run(("systemctl", "start", "restream-agent.service"))
        assert terminal.end() == 1
        assert "what runs is not what that file says" in terminal.shown
    wait_decided(applied)
    runs = len(applied.applied())
    applied.container.run(("sh", "-c", f"chmod 600 {TOML} && touch {TOML}"))
    applied.container.wait_until(lambda: len(applied.applied()) > runs, SETTLED, "a run that applies nothing")
    assert before == state(applied)
    assert "says what was taken back" in "\n".join(applied.words("restream-apply.service"))
    words = "the last change was taken back"
    applied.container.wait_until(lambda: words in applied.product("status"), 10, words)
    applied.container.write(TOML, applied.toml)
    applied.container.wait_until(lambda: words not in applied.product("status"), SETTLED, "a new edit")


def test_a_reboot_takes_the_change_back(applied: Installation, before: object) -> None:
    """Though there would be time left; the agent and the ingest server run."""
    with trying(applied, LONG):
        applied.container.reboot()
    wait_decided(applied)
    assert before == state(applied)
    assert "taking back an apply that was not confirmed" in applied.container.journal()
    applied.container.wait_until(lambda: "OFF AIR" in applied.product("status"), 30, "the agent to answer")


def test_a_power_cut_in_the_middle_takes_the_change_back(applied: Installation, before: object) -> None:
    """The apply is killed, and the machine boots anew before the time is over."""
    with LabTerminal(applied.container, PROGRAM, "apply", "--confirm", LONG, COPY):
        applied.container.wait_until(
            lambda: applied.container.run(("test", "-e", RECORD), check=False).returncode == 0, 30, "a change"
        )
        kill(applied)
    applied.container.reboot()
    wait_decided(applied)
    assert before == state(applied)


def test_a_first_apply_is_taken_back_to_an_empty_machine() -> None:
    """No unit of ours runs, and no file is left; its own units remove themselves."""
    with Container() as container:
        _install_wheel(container)
        container.run((PROGRAM, "init"))
        toml = configuration("nginx-rtmp", ()) + CLUB
        container.write(TOML, toml)
        for name, key in (("club", "club-key-1"), ("ingest", KEY)):
            container.write(f"{ETC}/credentials/{name}", f"{key}\n", mode=0o600)
        bare = Installation(container, "nginx-rtmp", {}, toml)
        files = everything(bare)
        with LabTerminal(container, PROGRAM, "apply", "--confirm", SHORT) as terminal:
            terminal.wait_for(ASKED, 120)
            assert container.is_active("restream-ingest.service")
            assert terminal.end() == 1
        wait_decided(bare)
        assert (everything(bare), bare.runs()) == (files, {})
        assert "nothing to change" not in bare.product("apply")
