"""The program's report: what the agent takes for one."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire import records
from restream_agent.wire.program_report import (
    HandOffKindReport,
    HandOffReport,
    HandOffsReport,
    LiveReport,
    ProgramReport,
    RelayReport,
)

REPORT = ProgramReport(
    source="live",
    position=61_000,
    since=1000,
    cause="return",
    held=False,
    hand_offs=HandOffsReport(
        {"stall": HandOffKindReport(3, 2, 2100, (1, 2))},
        (HandOffReport("return", "live", 1000, 45),),
        (50, 100),
    ),
    live=LiveReport(
        connected=True, size=10, frames=5, bitrate=3_000_000, frame_rate=29.97, keyframe_interval=2000,
        width=1280, height=720,
    ),
    relays={"twitch": RelayReport(0, 1000, 250, 0, 7)},
)  # fmt: skip


def changed(**values: Any) -> bytes:
    """Return the datagram of REPORT with other values: `live={"size": -1}` changes that one alone."""
    table = records.as_table(REPORT)
    for key, value in values.items():
        table[key] = table[key] | value if isinstance(value, dict) else value
    return json.dumps(table).encode()


def test_a_report_arrives_as_it_was_sent() -> None:
    """Through a datagram."""
    assert ProgramReport.read(records.to_datagram(REPORT)) == REPORT


def test_the_program_of_an_earlier_version_is_still_heard() -> None:
    """It goes on running through an upgrade; its report lacks what is new, and is this one otherwise."""
    table = records.as_table(REPORT)
    del table["hand_offs"]["bounds"], table["live"]["speed"], table["live"]["late"]
    assert ProgramReport.read(json.dumps(table).encode()) == replace(
        REPORT, hand_offs=replace(REPORT.hand_offs, bounds=())
    )


TOTALS = {"count": 1, "gaps": 1, "total": 10, "within": [1, 1]}


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"{}",
        b'{"source": "live"}',
        changed(source="other"),
        changed(position=1.5),
        changed(live={"size": -1}),
        changed(live={"bitrate": -1}),
        changed(live={"speed": -0.1}),
        changed(live={"late": -1}),
        changed(live={"waited": -1}),
        changed(live={"keyframe_age": -1}),
        changed(live={"frame_rate": float("nan")}),
        changed(live={"frame_rate": float("inf")}),
        changed(relays={"kick": {"sent": 1}}),
        changed(relays={"kick": {"beginning": 0, "sent": -1, "behind": 0, "queued": 0, "skipped": 0}}),
        changed(relays={"kick": {"beginning": 0, "sent": 0, "behind": 0, "queued": 2**70, "skipped": 0}}),
        changed(hand_offs={"kinds": {"stall": TOTALS | {"total": -1}}}),
        changed(hand_offs={"kinds": {"stall": TOTALS | {"within": [1, -1]}}}),
        changed(hand_offs={"kinds": {"stall": TOTALS | {"within": [1]}}}),
        changed(hand_offs={"recent": [{"kind": "\ud800", "source": "live", "ago": 0, "gap": None}]}),
    ],
)
def test_what_is_no_report_is_refused(datagram: bytes) -> None:
    """A size below 0, NaN, a histogram that does not fit: nothing that /metrics could not show."""
    with pytest.raises((TypeError, ValueError)):
        ProgramReport.read(datagram)


@given(st.binary(max_size=300))
def test_no_datagram_does_harm(datagram: bytes) -> None:
    """Whoever sends it."""
    with pytest.raises((TypeError, ValueError)):
        ProgramReport.read(datagram)
