"""A relay prints marks only with an ffmpeg that can."""

import pytest

from restream_agent.deploy.ffmpeg_marks import can_print, has_condition

DEBIAN_12 = """\
Bit stream filter noise
noise AVOptions:
  -amount            <string>     ...VA...B..
  -drop              <string>     ...VA...B..
  -dropamount        <int>        ...VA...B.. (from 0 to INT_MAX) (default 0)

"""
BEFORE_5 = """\
Bit stream filter noise
noise AVOptions:
  -amount            <int>        ...VA...B.. (from 0 to INT_MAX) (default 0)
  -dropamount        <int>        ...VA...B.. (from 0 to INT_MAX) (default 0)

"""


@pytest.mark.parametrize(("answer", "expected"), [(DEBIAN_12, True), (BEFORE_5, False), ("", False)])
def test_the_filter_needs_a_condition(answer: str, *, expected: bool) -> None:
    """As ffmpeg 5.1.9 answers, as one before 5.0 would, and as one without the filter does."""
    assert has_condition(answer) is expected


def test_an_ffmpeg_that_cannot_be_asked_is_taken_to_have_it() -> None:
    """That it is missing is said elsewhere."""
    assert can_print("/nonexistent/ffmpeg")
    assert not can_print("/bin/true")
