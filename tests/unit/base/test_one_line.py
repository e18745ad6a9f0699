"""Text from outside never breaks the line that it is put into."""

from hypothesis import given
from hypothesis import strategies as st

from restream_agent.base.one_line import printable


@given(st.text(), st.sampled_from([" ", "?"]))
def test_the_result_is_one_printable_line_of_the_same_length(text: str, instead: str) -> None:
    """Each character that is not printable is replaced, every other one stays where it was."""
    line = printable(text, instead=instead)
    assert line.isprintable()
    assert len(line.splitlines()) <= 1
    assert all(new in (old, instead) for old, new in zip(text, line, strict=True))


def test_line_breaks_of_every_script_are_replaced() -> None:
    """U+2028 ends a line for str.splitlines, and for some readers of units."""
    assert printable("a\nb\u2028c\u0085d\x00e") == "a b c d e"
