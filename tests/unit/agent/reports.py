"""Reports of the program, for the tests of what the agent makes of them."""

from dataclasses import replace
from typing import Any

from restream_agent.wire.program_report import HandOffsReport, LiveReport, ProgramReport, RelayReport

NO_LIVE = LiveReport(
    connected=False, size=0, frames=0, bitrate=0, frame_rate=0.0, keyframe_interval=0, width=0, height=0
)
QUIET = ProgramReport(
    source="none", position=-1, since=0, cause="start", held=False, hand_offs=HandOffsReport({}, ()),
    live=NO_LIVE, relays={},
)  # fmt: skip
"""A program that has just started."""


def program(**changes: Any) -> ProgramReport:
    """Return the report of a program that has just started, but for some changes."""
    return replace(QUIET, **changes)


def live(**changes: Any) -> LiveReport:
    """Return the report of a publisher's stream that is connected."""
    return replace(NO_LIVE, **({"connected": True} | changes))


def relay(*, beginning: int | None = 0, sent: int = 0, behind: int = 0, skipped: int = 0) -> RelayReport:
    """Return the report of a relay's connection with an empty queue."""
    return RelayReport(beginning, sent, behind, queued=0, skipped=skipped)
