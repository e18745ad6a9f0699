"""Bar charts as SVG. Pure: values in, text out."""

import math
from collections.abc import Mapping, Sequence
from html import escape

WIDTH, LEFT, RIGHT, BAR, SPACE, TOP = 760, 190, 90, 14, 12, 28
LEGEND_LINE, LETTER = 18, 6.8
COLOURS = ("#3fb950", "#2f81f7", "#e3a008", "#d25fd2", "#8b949e", "#f85149", "#79c0ff", "#6e40c9", "#9a6700")
STYLE = "text{font:12px sans-serif;fill:#57606a}.t{font-size:14px;font-weight:bold}line{stroke:#d0d7de}"


def bars(
    title: str,
    groups: Mapping[str, Mapping[str, float | None]],
    unit: str,
    *,
    is_logarithmic: bool = False,
) -> str:
    """Draw a group of horizontal bars for each key of `groups`; each bar has a name, a value and the unit.

    On a logarithmic scale the axis begins at 1. A value of None is written as "none".
    """
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    every = [value for group in groups.values() for value in group.values() if value is not None]
    most = max((*every, 1.0))
    legend, height = _legend(names)
    drawn = []
    for label, group in groups.items():
        drawn.append(f'<text x="0" y="{height + BAR - 3}">{escape(label)}</text>')
        for name, value in group.items():
            length = _length(value, most, is_logarithmic=is_logarithmic)
            drawn.append(_bar(height, length, COLOURS[names.index(name) % len(COLOURS)]))
            words = "none" if value is None else f"{value:,.{0 if value >= 100 else 1}f} {unit}"
            drawn.append(f'<text x="{LEFT + length + 5:.1f}" y="{height + BAR - 3}">{escape(words)}</text>')
            height += BAR + 2
        height += SPACE
    body = f'<text class="t" x="0" y="16">{escape(title)}</text>' + legend + "".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{body}</svg>\n'
    )


def _length(value: float | None, most: float, *, is_logarithmic: bool) -> float:
    """Return the length of a bar in pixels."""
    room = WIDTH - LEFT - RIGHT
    if value is None or value <= 0:
        return 0.0
    if is_logarithmic:
        return room * math.log10(max(1.0, value)) / max(math.log10(most), 1e-9)
    return room * value / most


def _bar(top: float, width: float, colour: str) -> str:
    return f'<rect x="{LEFT}" y="{top}" width="{max(1.0, width):.1f}" height="{BAR}" fill="{colour}"/>'


def _legend(names: Sequence[str]) -> tuple[str, float]:
    """Return the names in their colours, in as many lines as they need, and where the bars begin."""
    drawn, left, top = "", 0.0, float(TOP)
    for number, name in enumerate(names):
        wide = 30 + LETTER * len(name)
        if left and left + wide > WIDTH:
            left, top = 0.0, top + LEGEND_LINE
        colour = COLOURS[number % len(COLOURS)]
        drawn += f'<rect x="{left:.0f}" y="{top:.0f}" width="10" height="10" fill="{colour}"/>'
        drawn += f'<text x="{left + 14:.0f}" y="{top + 9:.0f}">{escape(name)}</text>'
        left += wide
    return drawn, top + LEGEND_LINE + SPACE
