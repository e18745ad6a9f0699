"""The progress of a conversion: a bar on a terminal, plain lines elsewhere."""

import io

import pytest

from restream_agent.cli.progress import shown_progress

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"


class TerminalText(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def terminal(monkeypatch: pytest.MonkeyPatch) -> TerminalText:
    """Put a terminal in the place of stderr; a fixture would do so before pytest puts its own there."""
    screen = TerminalText()
    monkeypatch.setattr("sys.stderr", screen)
    return screen


def test_without_a_terminal_each_tenth_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr, as a log has it."""
    with shown_progress() as progress:
        for fraction in (0.01, 0.02, 0.1, 0.15, 1.0):
            progress(fraction, 9.0)
    lines = [f"preparing the fallback video: {share:>4}" for share in ("1%", "10%", "100%")]
    assert capsys.readouterr().err.splitlines() == lines


def test_on_a_terminal_a_bar_grows_in_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the share that is done and the seconds left."""
    screen = terminal(monkeypatch)
    with shown_progress() as progress:
        progress(0.25, 42.4)
        half = screen.getvalue()
        progress(1.0, 0.0)
    assert "preparing the fallback video  [####" in half
    assert half.endswith(" 25%  42 s left")
    assert "\n" not in half
    assert "]  100%" in screen.getvalue()


def test_a_second_conversion_has_a_bar_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The slate's bar stays above the video's."""
    screen = terminal(monkeypatch)
    with shown_progress() as progress:
        for fraction in (0.5, 1.0, 0.5, 1.0):
            progress(fraction, None)
    assert screen.getvalue().count("\n") == 2


def test_a_bar_that_is_full_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The unit that converts ends a moment after its work, and is looked at until then."""
    screen = terminal(monkeypatch)
    with shown_progress() as progress:
        for fraction in (0.5, 1.0, 1.0, 1.0, 0.5, 1.0, 1.0):
            progress(fraction, None)
    assert screen.getvalue().count("\n") == 2


def test_a_conversion_that_fails_leaves_the_terminal_usable(monkeypatch: pytest.MonkeyPatch) -> None:
    """click hides the cursor while a bar grows; it is there again."""
    screen = terminal(monkeypatch)

    def convert() -> None:
        with shown_progress() as progress:
            progress(0.5, None)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert()
    text = screen.getvalue()
    assert text.rindex(SHOW_CURSOR) > text.rindex(HIDE_CURSOR)


def test_nothing_is_shown_where_nothing_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most applies find the video that they need."""
    screen = terminal(monkeypatch)
    with shown_progress():
        pass
    assert screen.getvalue() == ""
