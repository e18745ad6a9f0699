"""What a tag of a live stream may be: each limit passes, and one more does not."""

from collections.abc import Iterable

import pytest

from restream_agent.stream.flv import AUDIO, SCRIPT, VIDEO, FlvError, Tag
from restream_agent.stream.input_rules import (
    LARGEST_COMPOSITION,
    LARGEST_HEADER,
    MOST_BYTES,
    MOST_HEADERS,
    MOST_TAGS,
    InputRules,
)
from tests.unit.stream.flv_making import parameters, sound

SCRIPTED = Tag(SCRIPT, 0, b"\x02\x00")


def shown_after(milliseconds: int) -> Tag:
    """Return a picture that is shown so much later than its timestamp."""
    return Tag(VIDEO, 0, b"\x27\x01" + milliseconds.to_bytes(3, "big", signed=True) + b"x")


def header(size: int) -> Tag:
    """Return a sequence header of so many bytes."""
    return Tag(VIDEO, 0, b"\x17\x00" + bytes(size - 2))


def assert_refused_last(tags: Iterable[Tag], words: str, *, now: int = 5999) -> InputRules:
    """Check that of tags that arrive at one time the last breaks a rule, and no other; return the rules."""
    *fine, bad = tags
    rules = InputRules()
    for tag in fine:
        rules.check(tag, now)
    with pytest.raises(FlvError, match=words):
        rules.check(bad, now)
    return rules


@pytest.mark.parametrize("sign", [1, -1])
def test_a_picture_is_shown_soon(sign: int) -> None:
    """At most LARGEST_COMPOSITION later or earlier."""
    assert_refused_last((shown_after(sign * (LARGEST_COMPOSITION + more)) for more in (0, 1)), "to be shown")


def test_the_tags_of_a_second_are_bounded() -> None:
    """Of each second of the clock anew."""
    rules = assert_refused_last([sound(0, 1)] * (MOST_TAGS + 1), "tags in a second")
    for _ in range(MOST_TAGS):
        rules.check(sound(0, 1), 6000)
    with pytest.raises(FlvError):
        rules.check(sound(0, 1), 6999)


def test_the_bytes_of_a_second_are_bounded() -> None:
    """However few the tags are."""
    large = Tag(AUDIO, 0, b"\xaf\x01" + bytes(MOST_BYTES // 8 - 2))
    rules = assert_refused_last([*[large] * 8, Tag(AUDIO, 0, b"\xaf")], "bytes in a second")
    for _ in range(8):
        rules.check(large, 6000)


@pytest.mark.parametrize("headers", [[SCRIPTED], [parameters(VIDEO, 1)], [parameters(AUDIO, 1), SCRIPTED]])
def test_the_headers_of_a_second_are_bounded(headers: list[Tag]) -> None:
    """Sequence headers and metadata together; sound and pictures are none."""
    others = [sound(0, 1), shown_after(0)] * MOST_HEADERS
    rules = assert_refused_last([*others, *(headers * 51)[: MOST_HEADERS + 1]], "headers in a second")
    for tag in (headers * 51)[:MOST_HEADERS]:
        rules.check(tag, 6000)


def test_a_header_is_small() -> None:
    """Metadata and pictures may be larger."""
    large = bytes(LARGEST_HEADER)
    fine = (Tag(SCRIPT, 0, b"\x02" + large), Tag(VIDEO, 0, b"\x27\x01" + large), header(LARGEST_HEADER))
    assert_refused_last((*fine, header(LARGEST_HEADER + 1)), "no decoder parameters")
