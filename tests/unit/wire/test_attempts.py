"""The status text of a relay: figures for the agent, a sentence for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire.attempts import AttemptStatus


@given(st.integers(0, 10**6), st.floats(0, 45))
def test_the_words_for_people_tell_the_number(failures: int, seconds: float) -> None:
    """What systemctl shows is what the agent reads; the pause to a tenth of a second."""
    written = AttemptStatus(failures, seconds)
    read = AttemptStatus.read(written.to_status())
    assert read.failures == failures
    assert read.pause == pytest.approx(seconds, abs=0.051)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "anything",
        "after many in a row that failed",
        "first attempt",
        "attempt 5 after 4 in a row that failed, with a pause of 8.0 s",  # an earlier version
        "attempt=5 failures=many pause=8.0s: ",
        "attempt=5 failures=99999999999 pause=8.0s: ",
        "attempt=5 failures=\u0664 pause=8.0s: ",
    ],
)
def test_other_words_tell_of_no_failure(text: str) -> None:
    """A unit without a status has not failed; the relay of an earlier version counts from its next try."""
    assert AttemptStatus.read(text).failures == 0


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (AttemptStatus(0), "attempt=1 failures=0 pause=0.0s: first attempt"),
        (
            AttemptStatus(1, 0.84),
            "attempt=2 failures=1 pause=0.8s: attempt 2 after 1 failure, with a pause of 0.8 s",
        ),
        (
            AttemptStatus(4, 7.5),
            "attempt=5 failures=4 pause=7.5s: attempt 5 after 4 failures in a row, with a pause of 7.5 s",
        ),
        (
            AttemptStatus(4, 7.5, "rtmp://h:1936/app"),
            "attempt=5 failures=4 pause=7.5s redirect=rtmp://h:1936/app: "
            "attempt 5 after 4 failures in a row, with a pause of 7.5 s; the platform redirects to rtmp://h:1936/app",
        ),
    ],
)
def test_systemctl_status_shows_a_sentence(status: AttemptStatus, text: str) -> None:
    """After the figures, which are read back."""
    assert (status.to_status(), AttemptStatus.read(text).redirect) == (text, status.redirect)
