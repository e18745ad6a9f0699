"""Which stream the fallback is matched to, from what the agent answers."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.cli import broadcast, status_view
from restream_agent.wire.status_report import PublisherStatus, StatusReport
from tests.unit.cli.test_status_view import status

OBS = PublisherStatus("main", "192.0.2.7")


def report(publisher: PublisherStatus | None = OBS, **changes: Any) -> StatusReport:
    """Return the status of a stream that is known but for some changes."""
    well = status()
    assert well.live is not None
    live = replace(well.live, **{"video_codec": "h264", "stated_rate": 30.0, **changes})
    return replace(well, publisher=publisher, live=live)


def answers(monkeypatch: pytest.MonkeyPatch, *reports: StatusReport) -> None:
    """Have the agent answer with these, the last again and again."""
    following: Iterator[StatusReport] = iter(reports)
    monkeypatch.setattr(status_view, "fetch", lambda: next(following, reports[-1]).as_table())
    monkeypatch.setattr(broadcast, "_LOOK_EVERY", 0.01)


def test_the_stream_is_taken_as_soon_as_its_shape_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The program has to see parameters, and a frame rate."""
    answers(monkeypatch, report(video_codec="", width=0), report(stated_rate=0.0), report(width=640))
    live = broadcast._stream_to_match()
    assert live is not None
    assert live.width == 640


def test_a_rate_that_never_comes_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fallback then keeps its own."""
    answers(monkeypatch, report(stated_rate=0.0))
    monkeypatch.setattr(broadcast, "_SEEN_WITHIN", 0.05)
    assert broadcast._stream_to_match() is not None


@pytest.mark.parametrize(
    "found", [report(None), replace(report(video_codec="hevc"), unplayable={"hevc": "OBS sends HEVC"})]
)
def test_no_stream_is_nothing_to_match(monkeypatch: pytest.MonkeyPatch, found: StatusReport) -> None:
    """Nor is one that no platform can get."""
    answers(monkeypatch, found)
    assert broadcast._stream_to_match() is None


def test_a_picture_that_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which says where to look."""
    answers(monkeypatch, report(width=0))
    monkeypatch.setattr(broadcast, "_SEEN_WITHIN", 0.05)
    with pytest.raises(RestreamError, match="no picture") as error:
        broadcast._stream_to_match()
    assert "status" in error.value.hint
