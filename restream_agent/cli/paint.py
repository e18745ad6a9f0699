"""Text for a terminal: tones, and cells in aligned columns. Pure.

The tones are ANSI sequences. `show` leaves them out where nobody sees them.
"""

import os
from collections.abc import Iterable, Sequence
from enum import Enum

import click

from restream_agent.base.one_line import printable


class Tone(Enum):
    """What a text means, and so how it looks."""

    PLAIN = ()
    STRONG = (("bold", True),)
    FAINT = (("dim", True),)
    GOOD = (("fg", "green"),)
    WARNING = (("fg", "yellow"),)
    BAD = (("fg", "red"), ("bold", True))


def paint(text: str, tone: Tone = Tone.PLAIN) -> str:
    """Return a text in a tone; whatever else would move a terminal's cursor or colour it is left out."""
    clean = printable(text)
    return click.style(clean, **dict(tone.value)) if tone.value and clean else clean


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
