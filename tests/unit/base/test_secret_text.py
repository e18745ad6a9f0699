"""What a secret may look like is said in one place, and the secret is never shown."""

import secrets
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.base import webhook_url
from restream_agent.base.secret_text import LONGEST, NEW_KEY, complaint, obs_complaint

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


@pytest.mark.parametrize(
    ("key", "server", "words"),
    [
        ("a/b", "srs", "has a /, and SRS cuts"),
        ("a/b", None, "has a /, and SRS cuts"),
        ("a/b", "nginx-rtmp", ""),
        ("x" * 201, "nginx-rtmp", "is longer than 200 characters"),
        ("x" * 201, None, "is longer than 200 characters"),
        ("x" * 201, "srs", ""),
        ("x" * 200, None, ""),
        ("a&b", "srs", "has a &, # or %"),
        ("a#b", "nginx-rtmp", "has a &, # or %"),
        ("a%b", "nginx-rtmp", "has a &, # or %"),
        ("a+b=?c", None, ""),
    ],
)
def test_a_key_that_obs_cannot_send_is_refused(key: str, server: str | None, words: str) -> None:
    """tests/system/test_typed_addresses.py has the servers' answers."""
    assert obs_complaint(key, server).startswith(words)
    assert bool(words) == bool(obs_complaint(key, server))


def test_the_keys_that_we_make_and_advise_work_everywhere() -> None:
    """`openssl rand -base64` has a slash in three of ten keys."""
    advised = subprocess.run(NEW_KEY.split(), capture_output=True, check=True, text=True, timeout=30)
    made = [secrets.token_urlsafe(18) for _ in range(100)]  # as restream-agent init
    assert {complaint(key) + obs_complaint(key, None) for key in (advised.stdout.strip(), *made)} == {""}
