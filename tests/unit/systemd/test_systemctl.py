"""systemctl: the commands, and what is read from their output."""

import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.systemd import systemctl
from restream_agent.systemd.unit_state import UnitState


class Answering:
    """A runner that gives one answer and remembers its calls."""

    def __init__(self, stdout: str = "", stderr: str = "", status: int = 0) -> None:
        self.calls: list[tuple[str, ...]] = []
        self._answer = (status, stdout, stderr)

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert timeout > 0
        self.calls.append(argv)
        if self._answer[0] not in ok:
            raise CommandError(argv, "failed")
        return CompletedProcess(argv, *self._answer)


def test_units_are_changed_in_one_call() -> None:
    """The names stand after --, so none of them can be an option."""
    runner = Answering()
    systemctl.Systemd(runner).change("restart", ("a.service", "-b.service"), reason="a test")
    assert runner.calls == [("systemctl", "restart", "--", "a.service", "-b.service")]


def test_no_unit_means_no_call() -> None:
    """Without units, systemctl is not called."""
    runner = Answering()
    systemctl.Systemd(runner).change("restart", (), reason="a test")
    assert runner.calls == []


def test_the_agent_does_not_wait() -> None:
    """With `wait=False`, systemctl returns before the job is done."""
    runner = Answering()
    systemctl.Systemd(runner).change("start", ("a.service",), reason="a test", wait=False)
    assert runner.calls == [("systemctl", "--no-block", "start", "--", "a.service")]


def test_every_change_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    """The level is INFO, because it is a change of state."""
    with caplog.at_level("INFO", logger="restream_agent"):
        systemctl.Systemd(Answering()).change("stop", ("a.service",), reason="nobody publishes")
    assert caplog.messages == ["systemctl stop a.service: nobody publishes"]


def test_states_are_given_by_unit() -> None:
    """Inactive units are left out, also one that has run."""
    ran = "Id=b.service\nActiveState=inactive\nInactiveEnterTimestampMonotonic=5000000\n"
    shown = f"Id=restream.target\nActiveState=active\n\nId=a.service\nActiveState=inactive\n\n{ran}"
    assert systemctl.Systemd(Answering(shown)).active("*") == {"restream.target": "active"}


def test_units_are_asked_for_in_one_call() -> None:
    """One call has all patterns and properties; unit_state.py reads the output."""
    runner = Answering("Id=a.service\nActiveState=active\nNRestarts=2\n")
    assert systemctl.Systemd(runner).units("a*", "b.service") == {
        "a.service": UnitState("active", restarts=2)
    }
    assert [call[-3:] for call in runner.calls] == [("--", "a*", "b.service")]


def test_many_relays_are_asked_for_together() -> None:
    """systemd would load each of 1,000 relays that it is asked for by name, which takes seconds."""
    relays = [f"ffmpeg-relay@p{number}.service" for number in range(1000)]
    shown = (
        f"Id={unit}\nActiveState=active\n" for unit in (*relays[:2], "ffmpeg-relay@x.service", "a.target")
    )
    runner = Answering("\n".join(shown))
    found = systemctl.Systemd(runner).active("a.target", *relays)
    assert found == dict.fromkeys(("a.target", *relays[:2]), "active")
    assert [call[-3:] for call in runner.calls] == [("--", "a.target", "ffmpeg-relay@*.service")]


def test_a_kill_is_for_all_processes_of_a_unit() -> None:
    """SIGKILL ends frozen processes too."""
    runner = Answering()
    systemctl.Systemd(runner).kill("a.service", reason="a test")
    assert runner.calls == [("systemctl", "kill", "--signal=KILL", "--", "a.service")]


def test_what_systemd_says_of_others_is_not_our_fault() -> None:
    """A broken unit elsewhere on the machine does not stop an apply."""
    runner = Answering(stderr="/etc/systemd/system/other.service:3: Unknown key name 'X'\n")
    systemctl.verify(Path("/stage"), ["fallback.service"], runner)


def test_what_systemd_says_of_ours_is_an_error() -> None:
    """systemd-analyze exits with 0 all the same."""
    words = "/stage/fallback.service:3: Unknown key name 'RestartEver' in section 'Service', ignoring."
    with pytest.raises(RestreamError, match=re.escape(words)):
        systemctl.verify(Path("/stage"), ["fallback.service"], Answering(stderr=words))


def test_a_missing_link_is_explained() -> None:
    """Units call restream-agent by name, and systemd looks only in its own search path."""
    words = "restream-agent.service: Command restream-agent is not executable: No such file or directory"
    with pytest.raises(RestreamError) as caught:
        systemctl.verify(Path("/stage"), ["restream-agent.service"], Answering(stderr=words, status=1))
    assert "ln -s" in caught.value.hint


def test_a_verify_that_fails_without_a_word_is_an_error() -> None:
    """A silent failure is not a success."""
    with pytest.raises(CommandError, match="exit status 1"):
        systemctl.verify(Path("/stage"), ["fallback.service"], Answering(status=1))


def test_a_property_of_a_unit_is_its_value_alone() -> None:
    """systemctl answers with one line."""
    assert systemctl.Systemd(Answering("loaded\n")).show("polkit.service", "LoadState") == "loaded"


@pytest.mark.parametrize(
    ("answer", "may"), [("(bba{ss}) true false 0", True), ('(bba{ss}) false true 2 "unit" "x"', False)]
)
def test_polkit_is_asked_about_a_process(answer: str, may: bool) -> None:
    """The unit and the verb are details of the question."""
    runner = Answering(answer)
    assert systemctl.Systemd(runner).may_start("17", "restream.target") is may
    assert {"17", "restream.target", "start"} <= set(runner.calls[0])


@pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="systemd runs here")
def test_without_systemd_there_is_a_way_to_try_it() -> None:
    """`apply` says at once what else there is: a container, or another root."""
    with pytest.raises(RestreamError, match="systemd is not running here") as error:
        systemctl.require_running()
    hint = error.value.hint or ""
    assert ("`make demo`" in hint, "--root" in hint) == (True, True)


def test_properties_of_several_units_are_asked_for_at_once() -> None:
    """Also of a unit that systemd does not know; a value may have an equals sign."""
    runner = Answering("LoadState=loaded\nStatusText=a=b\n\nLoadState=not-found\nStatusText=\n")
    found = systemctl.Systemd(runner).properties(("a.service", "b.service"), ("LoadState", "StatusText"))
    assert found == {
        "a.service": {"LoadState": "loaded", "StatusText": "a=b"},
        "b.service": {"LoadState": "not-found", "StatusText": ""},
    }
    assert runner.calls == [
        ("systemctl", "show", "--property", "LoadState,StatusText", "--", "a.service", "b.service")
    ]


def test_a_credential_is_decrypted_under_no_name() -> None:
    """As it was encrypted: each unit loads it under a name of its own."""
    runner = Answering("key\n")
    assert systemctl.decrypted(Path("/etc/x"), runner) == "key\n"
    assert runner.calls == [("systemd-creds", "decrypt", "--name=", "/etc/x", "-")]
