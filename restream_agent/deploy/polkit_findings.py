"""What is said of polkit, without which the agent can start no broadcast. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from restream_agent.base import paths
from restream_agent.deploy.findings import Finding, fault, ok, warning

POLKIT_UNIT = "polkit.service"

_HINTS = {
    "not-found": "apt install polkitd",
    "masked": f"systemctl unmask {POLKIT_UNIT}",
}


@dataclass(frozen=True)
class PolkitFacts:
    """What was seen of polkit: systemd's words for the state of its unit, and whether our rule is installed.

    `answers` has, for each target that polkit was asked about, "" if the agent may start it, or else the
    target and, if known, why not. Nothing is asked while the agent does not run.
    """

    load: str
    active: str = "active"
    has_rule: bool = True
    answers: Mapping[str, str] = field(default_factory=dict)


def judge_service(facts: PolkitFacts) -> Iterator[Finding]:
    """Yield a fault if polkit is not installed, or cannot be started."""
    if facts.load != "loaded":
        state = "not installed" if facts.load == "not-found" else facts.load or "unknown to systemd"
        words = f"polkit is {state}; without it the agent cannot start a broadcast"
        yield fault("polkit", words, _HINTS.get(facts.load, f"systemctl status {POLKIT_UNIT}"))


def judge_rule(facts: PolkitFacts) -> Iterator[Finding]:
    """Yield a fault for each target that polkit does not let the agent start, though our rule is installed.

    Without the rule nothing is said: apply installs it.
    """
    for reason in facts.answers.values():
        if reason and facts.has_rule:
            words = f"polkit does not let the agent start {reason}; the rule is in {paths.POLKIT_RULE}"
            yield fault("polkit", words, f"systemctl restart {POLKIT_UNIT}; journalctl -u {POLKIT_UNIT}")


def judge_polkit(facts: PolkitFacts) -> Iterator[Finding]:
    """Yield all that is to be said of polkit."""
    found = [*judge_service(facts), *judge_rule(facts)]
    yield from found
    if found:
        return
    if not facts.has_rule:
        words = f"{paths.POLKIT_RULE} is missing: the agent may start nothing"
        yield fault("polkit", words, "restream-agent apply")
    elif not facts.answers:
        words = "installed; whether it takes our rule is only known while the agent runs"
        yield warning("polkit", words, "systemctl start restream-agent")
    else:
        since = "" if facts.active == "active" else f"; it was {facts.active}, and D-Bus started it"
        yield ok("polkit", f"lets the agent start {', '.join(facts.answers)}{since}")
