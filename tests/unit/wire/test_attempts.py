"""The status text of a relay: figures for the agent, a sentence for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire.attempt_causes import _LINES, CAUSES, UNREACHABLE, cause_of
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
        (
            AttemptStatus(4, 7.5, cause="no-route"),
            "attempt=5 failures=4 pause=7.5s cause=no-route: "
            "attempt 5 after 4 failures in a row, with a pause of 7.5 s: this machine has no way to the host",
        ),
        (
            AttemptStatus(4, 7.5, "rtmp://h/app", "refused"),
            "attempt=5 failures=4 pause=7.5s cause=refused redirect=rtmp://h/app: "
            "attempt 5 after 4 failures in a row, with a pause of 7.5 s; the platform redirects to rtmp://h/app",
        ),
    ],
)
def test_systemctl_status_shows_a_sentence(status: AttemptStatus, text: str) -> None:
    """After the figures, which are read back."""
    read = AttemptStatus.read(text)
    assert (status.to_status(), read.redirect, read.cause) == (text, status.redirect, status.cause)


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        (
            [
                "[tcp @ 0x1] Failed to resolve hostname h.invalid: Name or service not known",
                "[rtmp @ 0x2] Cannot open connection tcp://no-such.invalid:1935?…",
                "rtmp://no-such.invalid/app: Input/output error",
            ],
            "unresolved",
        ),
        (["[tcp @ 0x1] Connection to tcp://h:1935 failed: Connection refused"], "closed-port"),
        (["[tcp @ 0x1] Connection to tcp://h:1935 failed: Connection timed out"], "silent"),
        (["[tcp @ 0x1] Connection to tcp://h:1935 failed: Network is unreachable"], "no-route"),
        (
            ["[tls @ 0x1] Unable to verify peer certificate", "rtmps://h/app: Input/output error"],
            "certificate",
        ),
        (["[rtmp @ 0x1] Unknown connect error (x)", "rtmp://h/app: Input/output error"], "refused"),
        (["[rtmp @ 0x1] Cannot read RTMP handshake response", "rtmp://h/app: End of file"], "no-rtmp"),
        (["rtmp://h/app: Input/output error"], "ended"),
        (["frame dropped"], ""),
    ],
)
def test_ffmpeg_tells_why_an_attempt_fails(lines: list[str], cause: str) -> None:
    """The first line that says more than that it has failed."""
    told = ""
    for line in lines:
        told = cause_of(line, told)
    assert told == cause


def test_every_cause_has_a_sentence() -> None:
    """And only what the platform has not seen is told as unreachable."""
    assert {cause for _, cause in _LINES} == set(CAUSES)
    assert set(CAUSES) - UNREACHABLE == {"refused", "ended"}
