"""`restream-agent status` where there are several channels: which of them is shown, and how much of it."""

from collections.abc import Mapping
from typing import Any

from restream_agent.agent.relay_health import RelayState
from restream_agent.cli import status_remarks, status_view, status_words
from restream_agent.cli.chosen import unknown
from restream_agent.cli.paint import Tone, paint
from restream_agent.systemd.channels import MAIN, Channel
from restream_agent.wire.status_report import RelayStatus, StatusReport

_OFF_AIR = "off air"


def text(answer: dict[str, Any], name: str | None, *, every: bool, most: int | None = None) -> str:
    """Return the status in words: of one channel, or of all.

    Without a name `main` is shown in full, unless it has no platform and is off air, and the others with a
    line each. `most` is how many platforms without trouble a channel shows, None for all. RestreamError for
    a name that is no channel.
    """
    reports = status_view.read_all(answer)
    channels = {each: _channel(each, reports) for each in reports}
    if name is not None:
        return status_view.table(_report(reports, name), channels[name], most=most)
    if every:
        tables = (
            status_view.table(reports[each.name], each, has_machine=each.is_main, most=most)
            for each in channels.values()
        )
        return "\n\n".join(tables)
    others = "\n".join(_brief(reports[each], channels[each]) for each in list(reports)[1:])
    if _is_main_idle(reports):
        return f"{_brief(reports[MAIN], channels[MAIN])}\n{others}"
    main = status_view.table(reports[MAIN], channels[MAIN], most=most)
    return f"{main}\n\n{others}" if others else main


def shown(answer: dict[str, Any], name: str | None) -> list[StatusReport]:
    """Return the reports of the channels that are shown: the named one, or all but an idle `main`."""
    reports = status_view.read_all(answer)
    if name is not None:
        return [_report(reports, name)]
    return [report for each, report in reports.items() if each != MAIN or not _is_main_idle(reports)]


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


def _is_main_idle(reports: Mapping[str, StatusReport]) -> bool:
    """Whether `main` has no platform and is off air, where there are others."""
    return len(reports) > 1 and not reports[MAIN].relays and reports[MAIN].state == _OFF_AIR


def _channel(name: str, reports: Mapping[str, StatusReport]) -> Channel:
    return Channel(others=frozenset(reports) - {MAIN}) if name == MAIN else Channel(name)


def _report(reports: Mapping[str, StatusReport], name: str) -> StatusReport:
    if name not in reports:
        raise unknown(name, reports)
    return reports[name]


def _brief(status: StatusReport, channel: Channel) -> str:
    """Return one line about a channel: what it shows, its number of relays, and those in trouble."""
    count = len(status.relays)
    parts = [
        paint(status_words.headline(status, channel), status_view.state_tone(status)),
        "1 relay" if count == 1 else f"{count} relays",
        *(paint(f"{name} {relay.state}", Tone.BAD) for name, relay in troubled(status)),
    ]
    parts += [paint("systemd refuses", Tone.BAD)] if status.systemd == "refuses" else []
    remarks = status_remarks.machine_remarks(status) if channel.is_main else []
    return "\n".join([", ".join(parts), *map(paint, remarks)])


def troubled(status: StatusReport) -> list[tuple[str, RelayStatus]]:
    """Return the relays in trouble, with their names; a state of another version is none that is known."""
    trouble = {each.value for each in RelayState if each.is_trouble}
    return [(name, relay) for name, relay in status.relays.items() if relay.state in trouble]
