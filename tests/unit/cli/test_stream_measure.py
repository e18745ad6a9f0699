"""What OBS sends, from two looks at the status."""

from dataclasses import replace

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.cli import status_view, stream_measure
from restream_agent.systemd.channels import MAIN_CHANNEL
from restream_agent.wire.last_live import LastLive
from restream_agent.wire.status_report import LiveStatus, StatusReport
from tests.unit.cli.test_status_view import status

BEFORE = status().live
assert BEFORE is not None
FIRST = replace(
    BEFORE, size=1_000_000, stated_rate=30.0, keyframe_interval=2.0, connected=True, age=3.0, connection="a1"
)
SECOND = replace(FIRST, size=7_000_000, age=11.0)


def test_the_measures_are_those_between_two_looks() -> None:
    """Bits that came, by the seconds in which they came; the longest interval; a measured or stated rate."""
    later = replace(SECOND, keyframe_interval=4.0, measured_rate=29.9)
    found = stream_measure.measures(FIRST, later)
    assert found == LastLive(FIRST.width, FIRST.height, 29.9, 6_000_000, 4.0)
    plain = stream_measure.measures(FIRST, SECOND)
    assert plain is not None
    assert (plain.frame_rate, plain.keyframe) == (30.0, 2.0)


def test_a_stream_with_one_keyframe_so_far_has_an_interval_of_at_least_its_age() -> None:
    """As OBS sends them when left to itself: every 8 s."""
    first = replace(FIRST, keyframe_interval=0.0)
    found = stream_measure.measures(first, replace(first, size=7_000_000, age=11.0, keyframe_age=6.5))
    assert found is not None
    assert found.keyframe == 6.5


@pytest.mark.parametrize("second", [
    replace(SECOND, size=10, age=5.0), replace(SECOND, width=640), FIRST, replace(FIRST, age=11.0),
    replace(SECOND, age=4.0), replace(SECOND, age=2.0), replace(SECOND, connection="b2"),
])  # fmt: skip
def test_another_stream_has_no_measures(second: LiveStatus) -> None:
    """It began anew, also with more bytes than the first had, was turned, or stood still."""
    assert stream_measure.measures(FIRST, second) is None


def looked(monkeypatch: pytest.MonkeyPatch, *reports: StatusReport | None) -> LastLive | None:
    """Measure with an agent that answers with these in turn, None for no answer."""
    following = iter(reports)

    def fetch() -> object:
        report = next(following)
        if report is None:
            raise RestreamError("the agent does not answer")
        return report.as_table()

    monkeypatch.setattr(status_view, "fetch", fetch)
    monkeypatch.setattr(stream_measure, "_SECONDS", 0.01)
    return stream_measure.measure(MAIN_CHANNEL)


def test_the_agent_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some seconds apart."""
    found = looked(monkeypatch, replace(status(), live=FIRST), replace(status(), live=SECOND))
    assert found is not None
    assert (found.width, found.keyframe) == (FIRST.width, 2.0)


@pytest.mark.parametrize("answers", [(None,), (replace(status(), live=FIRST), None),
                                     (replace(status(), live=None),)])  # fmt: skip
def test_an_agent_that_does_not_answer_is_no_error(
    monkeypatch: pytest.MonkeyPatch, answers: tuple[StatusReport | None, ...]
) -> None:
    """Nor is OBS that has gone: the fallback is prepared all the same."""
    assert looked(monkeypatch, *answers) is None
