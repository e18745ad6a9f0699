"""Texts as a man page has them."""

import pytest

from restream_agent.config import roff


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a-b", r"a\-b"),
        ('"90s"', r"\(dq90s\(dq"),
        ("`a b`", r"\fBa\~b\fP"),
        ("**A secret** is", r"\fBA secret\fP is".replace("A secret", r"A\~secret")),
        ("C:\\x", r"C:\(rsx"),
        ("…", r"\[u2026]"),
        ("OBS's", r"OBS\(aqs"),
    ],
)
def test_characters_are_printed_as_they_are(text: str, expected: str) -> None:
    """And code is bold."""
    assert roff.marked(text) == expected


def test_a_sentence_has_a_line_of_its_own() -> None:
    """So that a change of one changes no other line; an abbreviation and a file's name end none."""
    assert roff.prose("One is. Two, e.g. this. systemd.time is `x`. `y` is.").splitlines() == [
        "One is.",
        "Two, e.g. this. systemd.time is \\fBx\\fP.",
        "\\fBy\\fP is.",
    ]


def test_no_line_of_text_is_a_request() -> None:
    """A line that begins with a dot would be one."""
    assert roff.example(".TH is not\n\n'here'").splitlines()[3:-2] == [
        r"\&.TH is not",
        r"\&",
        r"\(aqhere\(aq",
    ]
    assert roff.prose(".socket files") == "\\&.socket files\n"


def test_an_entry_of_a_list_may_have_several_paragraphs() -> None:
    """Below its tag."""
    assert roff.tagged("`--all`", "First.", "Second.") == ".TP\n\\fB\\-\\-all\\fP\nFirst.\n.IP\nSecond.\n"


def test_markdown_becomes_paragraphs_and_lists() -> None:
    """A list may stand directly below its sentence, and a paragraph below a list."""
    text = "One:\n\n- a\n  b\n- c\n\nTwo."
    assert roff.markdown(text).splitlines() == [
        *(".PP", "One:", '.IP "\\(bu" 2', "a b", '.IP "\\(bu" 2', "c", ".PP", "Two."),
    ]
