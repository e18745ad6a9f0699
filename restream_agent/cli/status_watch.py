"""`restream-agent status --watch`: the status on the whole terminal, drawn anew each second.

rich takes over the terminal and gives it back at any end, and cuts what does not fit. It is imported here
alone, because it takes longer to load than `status` takes to answer.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.text import Text

from restream_agent.base.errors import RestreamError
from restream_agent.cli.paint import Tone, paint

_EVERY = 1.0
"""Seconds. The relays report once a second."""


Look = Callable[[int | None], str]
"""What one look has seen, as text with ANSI tones; takes how many platforms without trouble it shows."""


def watch(
    look: Callable[[], Look],
    *,
    console: Console | None = None,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], datetime] = datetime.now,
) -> str:
    """Show what is seen, again and again, until Ctrl-C; return what was seen last, with every platform.

    A RestreamError of `look` is shown above what was last seen: the agent may be restarting. The first one
    is raised. `console`, `pause` and `now` are those of this machine.
    """
    seen, trouble = look(), ""
    console = console or Console(highlight=False)
    with suppress(KeyboardInterrupt), _ended_by_signals(), _screen(console) as live:
        while True:
            head = f"{_head(now())}\n\n{trouble}"
            text = head + _fitted(seen, console.height - head.count("\n"))
            live.update(Text.from_ansi(text), refresh=True)
            pause(_EVERY)
            try:
                seen, trouble = look(), ""
            except RestreamError as error:
                trouble = f"{paint(error.message, Tone.BAD)}\n{paint(error.hint)}\n\n"
    return seen(None)


def _fitted(seen: Look, height: int) -> str:
    """Return what is seen in at most `height` lines, if leaving out platforms without trouble is enough."""
    text, most = seen(None), height
    while len(text.splitlines()) > height and most >= 0:
        text, most = seen(most), most - 1
    return text


def _screen(console: Console) -> Live:
    return Live(console=console, screen=True, auto_refresh=False)


@contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Have SIGTERM and SIGHUP end the watch as Ctrl-C does, so that the terminal is given back."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _head(now: datetime) -> str:
    return paint(f"restream-agent status, {now:%H:%M:%S} (Ctrl-C ends)", Tone.FAINT)
