"""What somebody finds who looks at the machine: in order, risky, or a fault, each with its remedy. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from restream_agent.base.errors import Problem, RestreamError


class Grade(StrEnum):
    """How serious a finding is: a fault keeps a broadcast, or a part of it, from working."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True)
class Finding:
    """What was found of one subject ("polkit", "port 1935"); `hint` is the command that mends it, or "".

    No finding holds a secret.
    """

    subject: str
    grade: Grade
    words: str
    hint: str = ""


def ok(subject: str, words: str) -> Finding:
    """Return a finding of something that is in order."""
    return Finding(subject, Grade.OK, words)


def warning(subject: str, words: str, hint: str = "") -> Finding:
    """Return a finding of something that is risky, or that nobody knows."""
    return Finding(subject, Grade.WARNING, words, hint)


def fault(subject: str, words: str, hint: str = "") -> Finding:
    """Return a finding of something that does not work."""
    return Finding(subject, Grade.FAULT, words, hint)


def faults(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those findings that are faults."""
    return tuple(finding for finding in found if finding.grade is Grade.FAULT)


def machine_problems(found: Iterable[Finding]) -> tuple[Problem, ...]:
    """Return the faults as problems of the machine, which have no place in the TOML."""
    return tuple(Problem("", 0, "", finding.words, finding.hint) for finding in faults(found))


def refuse_faults(found: Iterable[Finding]) -> None:
    """Raise RestreamError for the first fault, if there is one."""
    for finding in faults(found):
        raise RestreamError(finding.words, hint=finding.hint)
