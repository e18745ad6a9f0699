"""What `restream-agent status --exit-code` exits with. Pure."""

from collections.abc import Iterable
from enum import IntEnum

from restream_agent.cli.channel_view import troubled
from restream_agent.cli.status_remarks import needs_hand
from restream_agent.wire.status_report import StatusReport


class StatusExit(IntEnum):
    """The codes. 1 and 2 are those of every command: no status to be had, wrong usage.

    Codes that are given to users stay: their scripts compare them.
    """

    LIVE = 0
    OFF_AIR = 3
    FALLBACK = 4
    PLATFORM = 5
    NEEDS_HAND = 6


_WORST_FIRST = (
    StatusExit.PLATFORM,
    StatusExit.FALLBACK,
    StatusExit.NEEDS_HAND,
    StatusExit.OFF_AIR,
    StatusExit.LIVE,
)


def exit_code(reports: Iterable[StatusReport]) -> StatusExit:
    """Return the worst code that applies to any of the channels, LIVE for none."""
    codes = {code for report in reports for code in _codes(report)}
    return next((code for code in _WORST_FIRST if code in codes), StatusExit.LIVE)


def _codes(report: StatusReport) -> Iterable[StatusExit]:
    if report.state == "off air":
        yield StatusExit.OFF_AIR
    elif report.state != "live":
        yield StatusExit.FALLBACK
    if troubled(report):
        yield StatusExit.PLATFORM
    if needs_hand(report):
        yield StatusExit.NEEDS_HAND
