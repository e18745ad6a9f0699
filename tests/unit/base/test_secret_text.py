"""What a secret may look like is said in one place, and the secret is never shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.base import webhook_url
from restream_agent.base.secret_text import LONGEST, complaint

PRINTABLE_ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=LONGEST)


@given(PRINTABLE_ASCII)
def test_printable_ascii_is_accepted(text: str) -> None:
    """Up to the longest length."""
    assert complaint(text) == ""


@given(PRINTABLE_ASCII, st.characters(min_codepoint=127) | st.characters(max_codepoint=32), PRINTABLE_ASCII)
def test_any_other_character_is_refused(before: str, other: str, after: str) -> None:
    """Wherever it stands."""
    assert complaint(before + other + after).startswith("holds a space, a line break, or a character")


def test_an_empty_text_is_refused() -> None:
    """With words of its own."""
    assert complaint("") == "is empty"


@pytest.mark.parametrize("text", ["hidden" * 151, "https://hidden.example/" + "x" * 900])
def test_a_text_that_is_too_long_is_refused(text: str) -> None:
    """A webhook's URL is held to the same limit."""
    assert complaint(text) == webhook_url.complaint(text) == "is longer than 900 characters"
