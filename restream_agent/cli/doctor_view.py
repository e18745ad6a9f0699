"""Findings of `doctor` as aligned lines for people, and as JSON for programs. Pure."""

from collections.abc import Sequence
from typing import Any

from restream_agent.base.errors import EXIT_FAILED
from restream_agent.cli.paint import Tone, columns, paint
from restream_agent.deploy.findings import Finding, Grade, faults

JSON_VERSION = 1
"""Counts changes of the JSON that a reader of the one before does not understand. A new field is none."""

_TONES = {Grade.OK: Tone.GOOD, Grade.WARNING: Tone.WARNING, Grade.FAULT: Tone.BAD}


def text(found: Sequence[Finding]) -> str:
    """Return a line for each finding, below it what mends it, and at the end how many are not in order."""
    rows = [row for finding in found for row in _rows(finding)]
    return "\n".join((*columns(rows, indent=""), "", _summary(found)))


def _rows(finding: Finding) -> list[tuple[str, str, str]]:
    grade = paint(finding.grade.value, _TONES[finding.grade])
    rows = [(grade, paint(finding.subject, Tone.STRONG), paint(finding.words))]
    if finding.hint:
        rows.append(("", "", f"{paint('hint:', Tone.FAINT)} {paint(finding.hint)}"))
    return rows


def _summary(found: Sequence[Finding]) -> str:
    """Return the last line: how many faults and warnings there are."""
    counts = [(sum(each.grade is grade for each in found), grade) for grade in (Grade.FAULT, Grade.WARNING)]
    words = [f"{count} {grade.value}{'s' * (count != 1)}" for count, grade in counts if count]
    if not words:
        return paint("all is well", Tone.GOOD)
    return paint(", ".join(words), Tone.BAD if faults(found) else Tone.WARNING)


def exit_code(found: Sequence[Finding]) -> int:
    """Return 1 if there is a fault, 0 otherwise."""
    return EXIT_FAILED if faults(found) else 0


def as_record(found: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings as JSON has them; docs/operations.md describes each field."""
    return {
        "version": JSON_VERSION,
        "ok": not faults(found),
        "findings": [
            {
                "subject": finding.subject,
                "grade": finding.grade.value,
                "message": finding.words,
                "hint": finding.hint or None,
            }
            for finding in found
        ],
    }
