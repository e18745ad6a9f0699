"""Problems of the TOML as a compiler shows them: place, message, the line with a mark under it, rule, hint.

Each problem begins with `file:line:column: error:`, the form that editors and CI know of gcc.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import click

from restream_agent.base import journal
from restream_agent.base.errors import Excerpt, Problem
from restream_agent.cli.paint import show


@dataclass(frozen=True)
class Severity:
    """A word before a message, and its colour on a terminal."""

    word: str
    colour: str


ERROR = Severity("error", "red")
WARNING = Severity("warning", "yellow")

_GUTTER = 5
"""Cells for the line's number: a TOML of 99,999 lines has room."""


_SEEN = f"{__name__}.seen"
"""Where a command's context has the problems that were shown."""


def show_problems(problems: Iterable[Problem], severity: Severity) -> None:
    """Write problems to stderr, each as a paragraph; in the journal each has one line.

    A command shows a problem once: an edit shows its warnings before it asks, and applies the file then.
    """
    problems = _unseen(problems)
    if journal.is_reader():
        for problem in problems:
            click.echo(f"{severity.word}: {problem}", err=True)
        return
    for problem in problems:
        show(paragraph(problem, severity) + "\n", err=True)


def _unseen(problems: Iterable[Problem]) -> list[Problem]:
    context = click.get_current_context(silent=True)
    seen: set[Problem] = set() if context is None else context.meta.setdefault(_SEEN, set())
    new = [problem for problem in dict.fromkeys(problems) if problem not in seen]
    seen.update(new)
    return new


def paragraph(problem: Problem, severity: Severity) -> str:
    """Return a problem in several lines, coloured."""
    place = problem.place if problem.source else "restream-agent"
    key = f"{problem.path}: " if problem.path else ""
    word = click.style(f"{severity.word}:", fg=severity.colour, bold=True)
    message, *more = problem.message.splitlines() or [""]
    lines = [
        f"{click.style(f'{place}:', bold=True)} {word} {key}{message}",
        *(f"  {line.strip()}" for line in more),
    ]
    if problem.excerpt is not None:
        lines += _marked(problem.excerpt, problem.line, severity)
    lines += [_note(word, text) for word, text in (("rule", problem.rule), ("hint", problem.hint)) if text]
    return "\n".join(lines)


def _marked(excerpt: Excerpt, line: int, severity: Severity) -> list[str]:
    mark = click.style("^" * excerpt.width, fg=severity.colour, bold=True)
    return [
        f"{_gutter(str(line))} {excerpt.text}".rstrip(),
        f"{_gutter('')} {' ' * excerpt.start}{mark}",
    ]


def _gutter(number: str) -> str:
    return click.style(f"{number:>{_GUTTER}} |", dim=True)


def _note(word: str, text: str) -> str:
    return f"{' ' * _GUTTER} {click.style('=', dim=True)} {click.style(f'{word}:', bold=True)} {text}"


def counted(errors: int, warnings: int) -> str:
    """Return how many errors and warnings there are, in words: "2 errors, 1 warning"."""
    numbers = ((errors, "error"), (warnings, "warning"))
    return ", ".join(f"{number} {word}{'s' * (number != 1)}" for number, word in numbers if number)
