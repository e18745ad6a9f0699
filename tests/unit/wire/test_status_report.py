"""The status of one channel, and of several."""

from typing import Any

import pytest

from restream_agent.wire.status_report import ChannelsReport, StatusReport

MAIN = StatusReport(
    state="off air", since=1.0, cause=None, held=False, hold_left=None, publisher=None, ingest="up",
    config="ok", systemd="ok", preparation="ok", live=None, hand_offs=(), relays={},
)  # fmt: skip
ES = StatusReport(
    state="live", since=2.0, cause="begin", held=False, hold_left=None, publisher=None, ingest="up",
    config="ok", systemd="ok", preparation="ok", live=None, hand_offs=(), relays={},
)  # fmt: skip


def test_one_channel_answers_as_it_always_has() -> None:
    """Without a key for channels."""
    assert ChannelsReport({"main": MAIN}).as_table() == MAIN.as_table()


def test_several_channels_come_back() -> None:
    """The table is that of main, and "channels" has the others."""
    report = ChannelsReport({"main": MAIN, "es": ES})
    assert report.as_table() == MAIN.as_table() | {"channels": {"es": ES.as_table()}}
    assert ChannelsReport.from_table(report.as_table()) == report


@pytest.mark.parametrize("channels", [[], None, {"es": []}, {"es": {}}, {"es": ES.as_table() | {"more": 1}}])
def test_what_is_no_status_of_a_channel_is_an_error(channels: Any) -> None:
    """TypeError, as for the status of one channel."""
    with pytest.raises(TypeError):
        ChannelsReport.from_table(MAIN.as_table() | {"channels": channels})
