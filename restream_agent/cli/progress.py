"""How far the preparation of a fallback video is, on stderr: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from restream_agent.fallback.conversion import ProgressCallback

_LABEL = "preparing the fallback video"
_STEPS = 1000


@contextmanager
def shown_progress() -> Iterator[ProgressCallback]:
    """Yield the function that is told the progress and shows it; at the end, the terminal is as before."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    bars = _Bars()
    try:
        yield bars
    finally:
        bars.close()


class _Lines:
    """Writes a line for each tenth that is done."""

    def __init__(self) -> None:
        self._tenth = -1

    def __call__(self, fraction: float, _left: float | None) -> None:
        if int(fraction * 10) != self._tenth:
            self._tenth = int(fraction * 10)
            click.echo(f"{_LABEL}: {fraction:4.0%}", err=True)


class _Bars:
    """Draws a bar for each conversion, one below the other: the slate and the video are two."""

    def __init__(self) -> None:
        self._bar: ProgressBar[int] | None = None
        self._is_full = False

    def __call__(self, fraction: float, left: float | None) -> None:
        was_full, self._is_full = self._is_full, fraction >= 1
        if was_full and self._is_full:  # the same conversion, told again until its unit has ended
            return
        if self._bar is None:
            # click's own estimate would begin at the first report, which comes when the work has begun.
            self._bar = click.progressbar(
                length=_STEPS, label=_LABEL, file=sys.stderr, show_eta=False, item_show_func=_remaining
            )
        self._bar.update(
            max(0, round(fraction * _STEPS) - self._bar.pos), None if left is None else round(left)
        )
        if self._is_full:
            self.close()

    def close(self) -> None:
        """Finish the bar, if there is one; click shows the cursor again, which it hides for a bar."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None


def _remaining(seconds: int | None) -> str | None:
    return None if seconds is None else f"{seconds} s left"
