"""What is said of polkit, by doctor and, where no broadcast could begin, by check."""

from subprocess import CompletedProcess

import pytest

from restream_agent.base.errors import CommandError
from restream_agent.deploy import polkit
from restream_agent.deploy.findings import fault, ok, warning
from restream_agent.deploy.polkit_findings import PolkitFacts, judge_polkit, judge_rule
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Systemd

RULE = "/etc/polkit-1/rules.d/50-restream-agent.rules"


def test_a_rule_that_is_effective_is_in_order() -> None:
    """polkit itself has said so, for each channel."""
    both = PolkitFacts("loaded", answers={"restream.target": "", "restream@es.target": ""})
    assert list(judge_polkit(both)) == [
        ok("polkit", "lets the agent start restream.target, restream@es.target")
    ]


def test_a_polkit_that_was_stopped_is_told() -> None:
    """D-Bus has started it to answer."""
    stopped = PolkitFacts("loaded", active="inactive", answers={"restream.target": ""})
    (found,) = judge_polkit(stopped)
    assert found.words == "lets the agent start restream.target; it was inactive, and D-Bus started it"


@pytest.mark.parametrize(
    ("load", "state", "hint"),
    [
        ("not-found", "not installed", "apt install polkitd"),
        ("masked", "masked", "systemctl unmask polkit.service"),
        ("error", "error", "systemctl status polkit.service"),
        ("", "unknown to systemd", "systemctl status polkit.service"),
    ],
)
def test_a_polkit_that_cannot_run_is_a_fault(load: str, state: str, hint: str) -> None:
    """OBS would be accepted, and the state stay off air."""
    (found,) = judge_polkit(PolkitFacts(load))
    words = f"polkit is {state}; without it the agent cannot start a broadcast"
    assert found == fault("polkit", words, hint)


def test_a_rule_that_polkit_has_not_taken_is_a_fault() -> None:
    """With polkit's own reason, if it gives one."""
    denied = PolkitFacts("loaded", answers={"restream.target": "restream.target: timed out"})
    (found,) = judge_polkit(denied)
    assert found.words == (
        f"polkit does not let the agent start restream.target: timed out; the rule is in {RULE}"
    )
    assert found.hint == "systemctl restart polkit.service; journalctl -u polkit.service"


def test_a_rule_that_is_missing_is_what_apply_mends() -> None:
    """So check, which tells what apply would refuse, says nothing of it."""
    removed = PolkitFacts("loaded", has_rule=False, answers={"restream.target": "restream.target"})
    assert list(judge_rule(removed)) == []
    assert list(judge_polkit(removed)) == [
        fault("polkit", f"{RULE} is missing: the agent may start nothing", "restream-agent apply")
    ]


def test_without_the_agent_nobody_knows() -> None:
    """polkit decides about a process."""
    (found,) = judge_polkit(PolkitFacts("loaded"))
    assert found == warning(
        "polkit",
        "installed; whether it takes our rule is only known while the agent runs",
        "systemctl start restream-agent",
    )


class PolkitMachine:
    """Answers about the units polkit and agent, and as polkit."""

    def __init__(self, polkit: str, agent: str, answer: str = "true") -> None:
        blocks = f"LoadState={polkit}\nActiveState=active\nMainPID=7", f"LoadState=loaded\nMainPID={agent}"
        self._shown = "\n\n".join(blocks) + "\n"
        self._answer, self.asked = answer, list[str]()

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert (timeout > 0, ok) == (True, (0,))
        if argv[0] == "systemctl":
            return CompletedProcess(argv, 0, self._shown, "")
        self.asked.append(argv[argv.index("unit") + 1])
        if not self._answer:
            raise CommandError(argv, "failed", output="Call failed")
        return CompletedProcess(argv, 0, f"(bba{{ss}}) {self._answer} false 0", "")


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root may ask polkit about another process."""
    monkeypatch.setattr("os.geteuid", lambda: 0)


@pytest.mark.usefixtures("as_root")
def test_polkit_is_asked_about_each_channel() -> None:
    """As the running agent."""
    machine = PolkitMachine("loaded", "17", "false")
    facts = polkit.look(Systemd(machine), (Channel(), Channel("es")))
    assert (facts.load, facts.active) == ("loaded", "active")
    assert facts.answers == {unit: unit for unit in ("restream.target", "restream@es.target")}


@pytest.mark.usefixtures("as_root")
def test_a_polkit_that_does_not_answer_gives_its_reason() -> None:
    """In its own words."""
    facts = polkit.look(Systemd(PolkitMachine("loaded", "17", "")))
    assert facts.answers == {"restream.target": "restream.target: Call failed"}


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(("load", "agent"), [("loaded", "0"), ("masked", "17")])
def test_nobody_is_asked_without_the_agent_or_polkit(load: str, agent: str) -> None:
    """The question would be about no process, or would wait for D-Bus."""
    machine = PolkitMachine(load, agent)
    assert (polkit.look(Systemd(machine)).answers, machine.asked) == ({}, [])


def test_a_user_asks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """polkit refuses details of another process, and hides the directory of rules."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    facts = polkit.look(Systemd(PolkitMachine("loaded", "17")))
    assert (facts.answers, facts.has_rule) == ({}, True)
