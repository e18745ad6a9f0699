"""Time spans in systemd's notation ("1min 30s"), to and from seconds.

Units and spellings are those of systemd.time(7). As in systemd, fractions of a microsecond are cut off.
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
    "us": ("usec", "us", "μs", "µs"),  # systemd accepts both of Unicode's micro signs
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
WRITTEN = ("d", "h", "min", "s", "ms", "us")  # the units that format_span uses, the longest first
# A float of seconds keeps every microsecond up to 285 years (2^53 µs).
LONGEST = 100 * MICROSECONDS["y"]

PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*([^\W\d_]*)\s*")
EXAMPLES = 'write it as "90s", "1min 30s" or "1.5h"'


def parse_span(text: str) -> float:
    """Return the seconds of a time span; a number without a unit means seconds.

    Raises ValueError with a message for the user if the text is not a span, or is longer than 100 years.
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
    """Return the microseconds of one part of a span; ValueError for an unknown unit."""
    if unit not in UNITS:
        raise ValueError(f'"{shortened(unit)}" is not a unit of time: use us, ms, s, min, h, d or w')
    return int(Decimal(number) * UNITS[unit])


def shortened(text: str) -> str:
    """Return text for a message: one line of printable characters, at most 40."""
    line = printable(text, instead="?")
    return line if len(line) <= 40 else line[:37] + "..."


def format_span(seconds: float) -> str:
    """Return a time span as systemd reads it: "30min", "1min 30s", "500ms".

    Seconds are rounded to the microsecond, and `parse_span` returns the same number. Raises ValueError for a
    negative or infinite number and for NaN.
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
