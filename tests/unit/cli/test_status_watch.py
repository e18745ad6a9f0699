"""`status --watch` on a terminal of rich's own."""

import signal
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import pytest
from rich.console import Console

from restream_agent.base.errors import RestreamError
from restream_agent.cli.status_view import table
from restream_agent.cli.status_watch import Look, watch
from tests.unit.cli.test_status_view import RELAY, UNKNOWN, status

NOW = datetime(2026, 11, 26, 17, 33, 4, tzinfo=UTC)
ENTER, LEAVE = "\x1b[?1049h", "\x1b[?1049l"
SHOW_CURSOR = "\x1b[?25h"


def watched(*looks: str | RestreamError, height: int = 24) -> tuple[str, str]:
    """Watch until there is nothing more to see; return what the terminal got, and what came back."""
    left = list(looks)

    def look() -> Look:
        seen = left.pop(0)
        if isinstance(seen, RestreamError):
            raise seen
        return lambda _: seen

    return drawn(look, lambda _: None if left else interrupt(), height)


def drawn(look: Callable[[], Look], pause: Callable[[float], None], height: int = 24) -> tuple[str, str]:
    screen = StringIO()
    console = Console(
        file=screen, force_terminal=True, width=100, height=height, color_system="standard", _environ={}
    )
    last = watch(look, console=console, pause=pause, now=lambda: NOW)
    return screen.getvalue(), last


def interrupt() -> None:
    raise KeyboardInterrupt


def test_each_look_is_drawn_in_place_of_the_last() -> None:
    """On the alternate screen, from its top; the last one comes back for the usual screen."""
    screen, last = watched("LIVE", "FALLBACK")
    assert screen.startswith(ENTER)
    assert "\x1b[H" in screen.partition("LIVE")[2].partition("FALLBACK")[0]
    assert "17:33:04 (Ctrl-C ends)" in screen
    assert last == "FALLBACK"


def test_the_terminal_is_given_back() -> None:
    """With its cursor, whatever ends the watch."""
    screen, _ = watched("LIVE")
    assert LEAVE in screen
    assert SHOW_CURSOR in screen
    screen_at_error = StringIO()
    console = Console(file=screen_at_error, force_terminal=True, width=60, height=24, _environ={})

    def fail(_: float) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - what is raised is not the point
        watch(lambda: lambda _: "LIVE", console=console, pause=fail, now=lambda: NOW)
    assert LEAVE in screen_at_error.getvalue()


def test_tones_are_kept() -> None:
    """They come as ANSI sequences, and nothing else of the kind is let through."""
    screen, _ = watched("\x1b[32mLIVE\x1b[0m")
    assert "\x1b[32mLIVE" in screen


def test_an_agent_that_restarts_does_not_end_the_watch() -> None:
    """What was last seen stays below the error, and what comes back is the last status."""
    silent = RestreamError("the agent does not answer", hint="systemctl status restream-agent")
    screen, last = watched("LIVE", silent)
    after = screen.rpartition("the agent does not answer")[2]
    assert "systemctl status restream-agent" in after
    assert "LIVE" in after
    assert last == "LIVE"
    screen, last = watched("LIVE", silent, "FALLBACK")
    assert (last, "FALLBACK" in screen) == ("FALLBACK", True)


def test_an_agent_that_does_not_answer_at_all_is_an_error() -> None:
    """Before the terminal is taken over."""
    with pytest.raises(RestreamError, match="silent"):
        watched(RestreamError("silent"))


def test_what_does_not_fit_is_cut() -> None:
    """A terminal that scrolls would not be drawn in place."""
    screen, _ = watched("\n".join(f"line {number}" for number in range(50)), height=10)
    assert ("line 7" in screen, "line 8" in screen) == (True, False)


def test_platforms_that_get_everything_make_room_for_what_needs_a_hand() -> None:
    """They are counted; those in trouble stay, and so does everything when the watch has ended."""
    fine = {f"fine-{number}": RELAY for number in range(40)}
    kick = replace(UNKNOWN, state="refusing", failures=4)
    relays = {**fine, "kick": kick}
    report = replace(status(), relays=relays, config="refused", config_words="restream.toml:12: no")
    screen, last = drawn(
        lambda: lambda most: table(report, now=NOW, most=most), lambda _: interrupt(), height=24
    )
    shown = screen.partition(LEAVE)[0]
    assert "restream.toml:12: no" in shown
    assert "kick" in shown
    kept = sum(f"fine-{number} " in shown for number in range(40))
    assert f"{40 - kept} more: delivering" in shown
    assert 10 < kept < 20
    assert "fine-39" in last


def test_a_kill_gives_the_terminal_back() -> None:
    """As Ctrl-C does, and the process ends by itself."""
    screen, last = drawn(lambda: lambda _: "LIVE", lambda _: signal.raise_signal(signal.SIGTERM))
    assert (LEAVE in screen, last) == (True, "LIVE")
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
