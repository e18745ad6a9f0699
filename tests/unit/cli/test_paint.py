"""Tones and columns."""

import click
import pytest

from restream_agent.cli.paint import Tone, columns, paint


def test_a_plain_text_stays_as_it_is() -> None:
    """Its tone has no look. The values of the tones are words: Python 3.11.2 loses an empty tuple."""
    assert [type(tone.value) for tone in Tone] == [str] * len(Tone)
    assert (paint("words"), paint("words", Tone.PLAIN), paint("", Tone.BAD)) == ("words", "words", "")


@pytest.mark.parametrize("tone", [tone for tone in Tone if tone is not Tone.PLAIN])
def test_each_other_tone_has_a_look(tone: Tone) -> None:
    """The words in it are the same; what would move the cursor is left out."""
    painted = paint("wor\x1b[2Jds", tone)
    assert painted.startswith("\x1b[")
    assert "\x1b[2J" not in painted
    assert click.unstyle(painted).startswith("wor")


def test_cells_are_aligned_by_what_is_seen() -> None:
    """Colours take no room; the last cell has any length."""
    rows = [(paint("a", Tone.GOOD), "first"), ("longer", "second")]
    assert [click.unstyle(line) for line in columns(rows)] == ["  a       first", "  longer  second"]
