"""The slate's message: broken into lines, never lost, never a filter."""

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base import process
from restream_agent.base.errors import CommandError
from restream_agent.fallback.slate import SlateText, command, fit_text, missing_letters

LONG = "The stream will go on in a moment, thank you for your patience and please stay with us. " * 20


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1080, 1920), (640, 360), (320, 180)])
def test_message_is_shown_in_full(width: int, height: int) -> None:
    """A sentence keeps all its words at every size."""
    message = "Be right back, please stand by"
    assert " ".join(fit_text(message, width, height).lines) == message


def test_short_message_is_a_ninth_of_the_picture() -> None:
    """Text is as large as reads well, not as small as fits."""
    assert fit_text("Soon", 1920, 1080) == SlateText(("Soon",), 120)


def test_long_words_make_the_text_smaller_rather_than_being_cut() -> None:
    """A word is broken only if it would be too small otherwise."""
    word = "Donaudampfschifffahrtsgesellschaft"
    assert fit_text(word, 1280, 720).lines == (word,)


def test_message_that_cannot_fit_ends_in_an_ellipsis() -> None:
    """What is cut off is seen to be cut off."""
    assert fit_text(LONG, 640, 360).lines[-1].endswith("…")


def test_line_breaks_are_kept_and_control_characters_dropped() -> None:
    """Two lines stay two; a tab or an escape sequence becomes a space."""
    assert fit_text("Back\tat 8\x1b\nGMT", 1280, 720).lines == ("Back at 8", "GMT")


def test_empty_message_has_no_lines() -> None:
    """Nothing to say is no error."""
    assert fit_text(" \n ", 1280, 720).lines == ()


def test_message_is_not_part_of_the_command() -> None:
    """Text reaches ffmpeg as a file, so no character in it can be taken for a filter."""
    argv = command(SlateText(("%{pts}':x=0,",), 40), 640, 360, has_font=True, output="out.png")
    assert "pts" not in " ".join(argv)


def test_without_a_font_nothing_is_written() -> None:
    """The pause sign stands alone."""
    argv = command(SlateText(("hello",), 40), 640, 360, has_font=False, output="out.png")
    assert "drawtext" not in " ".join(argv)
    assert "drawbox" in " ".join(argv)


def test_search_prefers_usual_fonts(tmp_path: Path) -> None:
    """A known sans serif is taken before an unknown font."""
    from restream_agent.fallback.slate import _search

    for name in ("Aardvark.ttf", "DejaVuSans-Bold.ttf", "readme.txt"):
        (tmp_path / name).touch()
    assert _search((tmp_path, tmp_path / "missing")) == tmp_path / "DejaVuSans-Bold.ttf"


@pytest.mark.parametrize(
    ("message", "missing"), [("Back soon", ""), ("你好 Back", "你好"), ("Ça va", ""), ("Back 😀😀", "😀")]
)
def test_letters_without_a_glyph_are_named(
    message: str, missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """fontconfig gives the best font it has, whether that has all letters or not."""
    font = tmp_path / "sans.ttf"
    font.touch()
    answer = CompletedProcess((), 0, f"{font}\n20-7e a0-17f 2026", "")
    monkeypatch.setattr(process, "run", lambda *_, **__: answer)
    assert missing_letters(message) == missing


def test_without_fontconfig_no_letter_is_known_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The font is then searched by its file's name."""

    def fail(argv: tuple[str, ...], **_: object) -> None:
        raise CommandError(argv, "fc-match is not installed")

    monkeypatch.setattr(process, "run", fail)
    assert missing_letters("你好") == ""
