"""Which lines of ffmpeg and of the ingest server reach the journal."""

import pytest

from restream_agent.launchers.log_filter import is_told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("Warning: using insecure memory!", False),
        ("[flv @ 0x1] Warning: using insecure memory! and more", True),
        ("", True),
    ],
)
def test_a_line_that_means_nothing_is_left_out(line: str, told: bool) -> None:
    """Each relay would write it at each start."""
    assert is_told(line) is told
