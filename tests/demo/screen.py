"""The terminal: one line for each event, with the seconds since the start."""

import sys
import time

COLOURS = {
    "live": "32",
    "second": "35",
    "fallback": "33",
    "event": "1",
    "bad": "31",
    "good": "32",
    "dim": "2",
}


class Screen:
    """Writes lines to standard output, in colour if it is a terminal."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self._is_coloured = sys.stdout.isatty()

    def line(self, text: str, style: str = "") -> None:
        """Write a line with the time in front."""
        seconds = time.monotonic() - self.started
        print(f"{seconds:7.2f}  {self.paint(text, style)}", flush=True)

    def plain(self, text: str = "") -> None:
        """Write a line as it is."""
        print(text, flush=True)

    def paint(self, text: str, style: str) -> str:
        """Return the text in the colour of a style or source if the output is a terminal."""
        return f"\x1b[{COLOURS[style]}m{text}\x1b[0m" if self._is_coloured and style in COLOURS else text
