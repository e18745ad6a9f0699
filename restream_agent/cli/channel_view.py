"""`restream-agent status` where there are several channels: which of them is shown, and how much of it."""

from collections.abc import Mapping
from typing import Any

from restream_agent.agent.relay_health import RelayState
from restream_agent.base.one_line import printable
from restream_agent.cli import status_view
from restream_agent.cli.chosen import unknown
from restream_agent.systemd.channels import MAIN, Channel
from restream_agent.wire.status_report import StatusReport

_OFF_AIR = "off air"


def text(answer: dict[str, Any], name: str | None, *, every: bool) -> str:
    """Return the status in words: of one channel, or of all.

    Without a name `main` is shown in full, unless it has no platform and is off air, and the others with a
    line each. RestreamError for a name that is no channel.
    """
    reports = status_view.read_all(answer)
    channels = {each: _channel(each, reports) for each in reports}
    if name is not None:
        return status_view.table(_report(reports, name), channels[name])
    if every:
        tables = (
            status_view.table(reports[each.name], each, has_machine=each.is_main)
            for each in channels.values()
        )
        return "\n".join(tables)
    is_idle = len(reports) > 1 and not reports[MAIN].relays and reports[MAIN].state == _OFF_AIR
    main = (_brief if is_idle else status_view.table)(reports[MAIN], channels[MAIN])
    return "\n".join([main, *(_brief(reports[each], channels[each]) for each in list(reports)[1:])])


def part(answer: dict[str, Any], name: str | None) -> dict[str, Any]:
    """Return the JSON of one channel, or without a name all that the agent has answered.

    RestreamError for a name that is no channel.
    """
    if name is None:
        return answer
    _report(status_view.read_all(answer), name)
    if name == MAIN:
        return {key: value for key, value in answer.items() if key != "channels"}
    return dict(answer["channels"][name])


def _channel(name: str, reports: Mapping[str, StatusReport]) -> Channel:
    return Channel(others=frozenset(reports) - {MAIN}) if name == MAIN else Channel(name)


def _report(reports: Mapping[str, StatusReport], name: str) -> StatusReport:
    if name not in reports:
        raise unknown(name, reports)
    return reports[name]


def _brief(status: StatusReport, channel: Channel) -> str:
    """Return one line about a channel: what it shows, its number of relays, and those in trouble."""
    count = len(status.relays)
    parts = [status_view.headline(status, channel), "1 relay" if count == 1 else f"{count} relays"]
    parts += [f"{name} {relay.state}" for name, relay in status.relays.items() if _is_trouble(relay.state)]
    parts += ["systemd refuses"] if status.systemd == "refuses" else []
    remarks = status_view.machine_remarks(status) if channel.is_main else []
    return "\n".join(printable(line) for line in (", ".join(parts), *remarks))


def _is_trouble(state: str) -> bool:
    """Whether a relay's state is trouble; a state of another version is none that is known."""
    return state in {each.value for each in RelayState if each.is_trouble}
