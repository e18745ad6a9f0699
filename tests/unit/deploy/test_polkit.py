"""polkit as apply finds it: installed, and willing to let the agent start a broadcast."""

from subprocess import CompletedProcess

import pytest

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.deploy import polkit
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Systemd


class PolkitAnswers:
    """Answers systemctl's questions about units with one value, and polkit's in turn."""

    def __init__(self, shown: str, *answers: str) -> None:
        self._shown, self._answers = shown, list(answers)

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert (timeout > 0, ok) == (True, (0,))
        if argv[0] == "systemctl":
            return CompletedProcess(argv, 0, f"{self._shown}\n", "")
        answer = self._answers.pop(0)
        if not answer:
            raise CommandError(argv, "failed", output="Call failed: Unit polkit.service is masked.")
        return CompletedProcess(argv, 0, f"(bba{{ss}}) {answer} false 0", "")


@pytest.mark.parametrize(
    ("state", "hint"),
    [
        ("not-found", "apt install polkitd"),
        ("masked", "systemctl unmask polkit.service"),
        ("bad-setting", "systemctl status polkit.service"),
    ],
)
def test_a_polkit_that_cannot_start_is_refused_with_the_remedy(state: str, hint: str) -> None:
    """Without it every start that the agent asks for is denied."""
    with pytest.raises(RestreamError, match="without it the agent cannot start a broadcast") as caught:
        polkit.require_service(Systemd(PolkitAnswers(state)))
    assert caught.value.hint == hint


def test_a_polkit_that_is_installed_will_do() -> None:
    """D-Bus starts it when it is needed."""
    polkit.require_service(Systemd(PolkitAnswers("loaded")))


def test_a_rule_may_take_a_moment() -> None:
    """polkit notices a new file by itself."""
    polkit.require_rule(Systemd(PolkitAnswers("17", "false", "true")))


def test_each_channel_is_asked_about() -> None:
    """The rule of a channel that was added is new, though the rule of `main` is in use."""
    answers = PolkitAnswers("17", "true", "false", "true")
    polkit.require_rule(Systemd(answers), channels=(Channel(), Channel("es")))
    with pytest.raises(RestreamError, match=r"start restream@es\.target;"):
        polkit.require_rule(
            Systemd(PolkitAnswers("17", "true", "false")), channels=(Channel(), Channel("es")), wait=-1.0
        )


def test_an_agent_that_does_not_run_is_not_asked_about() -> None:
    """It was stopped by hand."""
    polkit.require_rule(Systemd(PolkitAnswers("0")))


@pytest.mark.parametrize(
    ("answer", "reason"), [("false", ""), ("", ": Call failed: Unit polkit.service is masked.")]
)
def test_a_rule_that_is_not_taken_is_named(answer: str, reason: str) -> None:
    """With polkit's own words if it gives any."""
    with pytest.raises(RestreamError) as caught:
        polkit.require_rule(Systemd(PolkitAnswers("17", answer)), wait=-1.0)
    assert caught.value.message == (
        f"polkit does not let the agent start restream.target{reason}; "
        "the rule is in /etc/polkit-1/rules.d/50-restream-agent.rules"
    )
