"""Two states of the TOML: the same or not."""

import pytest

from restream_agent.wire.toml_mark import TomlMark


def state(**files: tuple[str, int]) -> TomlMark:
    return TomlMark.of(files)


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (state(a=("x", 1)), state(a=("x", 2)), True),
        (state(a=("x", 1)), state(a=("y", 1)), False),
        (state(a=("", 1)), state(a=("x", 1)), True),
        (state(a=("", 1)), state(a=("x", 2)), False),
        (state(a=("x", 1)), state(a=("x", 1), b=("x", 1)), False),
    ],
)
def test_the_content_counts_and_where_it_cannot_be_read_the_time(
    one: TomlMark, other: TomlMark, *, is_same: bool
) -> None:
    """In both directions, and whether it was applied does not count."""
    assert (one.is_same(other), other.is_same(one)) == (is_same, is_same)


def test_a_file_that_was_written_again_is_not_untouched() -> None:
    """Though it is the same."""
    assert not state(a=("x", 1)).is_untouched(state(a=("x", 2)))
    assert state(a=("x", 1)).is_untouched(TomlMark.of({"a": ("x", 1)}, applied=True))
