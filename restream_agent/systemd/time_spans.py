"""Time spans as systemd writes them ("1min 30s"), to and from seconds.

The units and spellings are those of systemd.time(7); fractions below a microsecond are cut
off, as systemd does.
"""

import re
from decimal import Decimal

from restream_agent.base.one_line import printable

MICROSECONDS = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
    "month": 2_629_800_000_000,
    "y": 31_557_600_000_000,
}
SPELLINGS = {
    "us": ("usec", "us", "μs", "µs"),  # both of Unicode's micro signs, as systemd takes them
    "ms": ("msec", "ms"),
    "s": ("seconds", "second", "sec", "s", ""),
    "min": ("minutes", "minute", "min", "m"),
    "h": ("hours", "hour", "hr", "h"),
    "d": ("days", "day", "d"),
    "w": ("weeks", "week", "w"),
    "month": ("months", "month", "M"),
    "y": ("years", "year", "y"),
}
UNITS = {spelling: MICROSECONDS[unit] for unit, spellings in SPELLINGS.items() for spelling in spellings}
WRITTEN = ("d", "h", "min", "s", "ms", "us")  # what format_span uses, longest first
# A float of seconds holds every microsecond exactly enough to round-trip up to 285 years (2^53 us).
LONGEST = 100 * MICROSECONDS["y"]

PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*([^\W\d_]*)\s*")
EXAMPLES = 'write it as "90s", "1min 30s" or "1.5h"'


def parse_span(text: str) -> float:
    """Read a time span; a bare number is in seconds.

    Returns seconds. Raises ValueError, with a text for the user, when it is not a span of
    at most 100 years.
    """
    microseconds = 0
    position = 0
    while position < len(text) or not text:
        part = PART.match(text, position)
        if part is None:
            raise ValueError(f'"{shortened(text)}" is not a time span: {EXAMPLES}')
        microseconds += part_length(part[1], part[2])
        position = part.end()
    if microseconds > LONGEST:
        raise ValueError(f'"{shortened(text)}" is longer than 100 years')
    return microseconds / 1_000_000


def part_length(number: str, unit: str) -> int:
    """Give the microseconds in one part of a span; ValueError when the unit is unknown."""
    if unit not in UNITS:
        raise ValueError(f'"{shortened(unit)}" is not a unit of time: use us, ms, s, min, h, d or w')
    return int(Decimal(number) * UNITS[unit])


def shortened(text: str) -> str:
    """Make text from a file fit for a message: one line, printable, not too long."""
    line = printable(text, instead="?")
    return line if len(line) <= 40 else line[:37] + "..."


def format_span(seconds: float) -> str:
    """Write seconds as systemd reads them and people like them: "30min", "1min 30s", "500ms".

    Rounded to the microsecond; `parse_span` of the result is the same number. Raises
    ValueError when negative, infinite or not a number.
    """
    if not 0 <= seconds < float("inf"):
        raise ValueError("a time span is neither negative nor endless")
    left = round(seconds * 1_000_000)
    parts = []
    for unit in WRITTEN:
        count, left = divmod(left, MICROSECONDS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"
