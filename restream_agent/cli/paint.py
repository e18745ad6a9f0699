"""Text for a terminal: tones, and cells in aligned columns. Pure.

The tones are ANSI sequences. `show` leaves them out where nobody sees them.
"""

import os
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Any

import click

from restream_agent.base.one_line import printable


class Tone(Enum):
    """What a text means, and so how it looks."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"
    GOOD = "good"
    WARNING = "warning"
    BAD = "bad"


# Not the values of the members: the enum of Python 3.11.2, which is Debian 12's, turns an empty tuple into an
# object().
_LOOKS: dict[Tone, dict[str, Any]] = {
    Tone.PLAIN: {},
    Tone.STRONG: {"bold": True},
    Tone.FAINT: {"dim": True},
    Tone.GOOD: {"fg": "green"},
    Tone.WARNING: {"fg": "yellow"},
    Tone.BAD: {"fg": "red", "bold": True},
}
"""Options of click.style by tone."""


def paint(text: str, tone: Tone = Tone.PLAIN) -> str:
    """Return a text in a tone; whatever else would move a terminal's cursor or colour it is left out."""
    clean, look = printable(text), _LOOKS[tone]
    return click.style(clean, **look) if look and clean else clean


def columns(rows: Iterable[Sequence[str]], indent: str = "  ") -> list[str]:
    """Return a line for each row, its cells aligned. A row's last cell may have any length."""
    rows = list(rows)
    widths = dict[int, int]()
    for row in rows:
        for index, cell in enumerate(row[:-1]):
            widths[index] = max(widths.get(index, 0), _width(cell))
    return [indent + "  ".join(_padded(row, widths)) for row in rows]


def _padded(row: Sequence[str], widths: dict[int, int]) -> list[str]:
    padded = [f"{cell}{' ' * (widths[index] - _width(cell))}" for index, cell in enumerate(row[:-1])]
    return [*padded, *row[-1:]]


def _width(cell: str) -> int:
    return len(click.unstyle(cell))


def show(text: str, *, err: bool = False) -> None:
    """Print a text, its tones only on a terminal, and not with NO_COLOR (no-color.org)."""
    click.echo(text, err=err, color=False if os.environ.get("NO_COLOR") else None)
