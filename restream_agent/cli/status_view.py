"""`restream-agent status`: asks the agent for its status, and lays it out."""

import json
from collections.abc import Mapping
from datetime import datetime
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from restream_agent.base.endpoints import HOOKS
from restream_agent.base.errors import RestreamError
from restream_agent.cli.applied import require_applied
from restream_agent.cli.paint import Tone, columns, paint
from restream_agent.cli.status_remarks import machine_remarks, remarks_of
from restream_agent.cli.status_words import (
    RELAY_COLUMNS,
    commit_words,
    hold_words,
    moment,
    off_air_words,
    relay_figures,
    relay_words,
    source_words,
    span,
    state_words,
)
from restream_agent.systemd.channels import MAIN, MAIN_CHANNEL, Channel
from restream_agent.wire.status_report import ChannelsReport, RelayStatus, StatusReport

_TIMEOUT = 5.0
"""Seconds. The agent looks at systemd and the ingest server before it answers."""

_STATES = {"live": Tone.GOOD, "off air": Tone.STRONG}
"""The tones of a channel's states; the others are shown instead of OBS."""

_WITH_FIGURES = ("delivering", "stalled")
"""The states of a relay that has reached its platform; the others are told in a sentence."""

_RELAY_STATES = {
    "delivering": Tone.GOOD,
    "starting": Tone.WARNING,
    "stopped": Tone.WARNING,
    "stalled": Tone.BAD,
    "refusing": Tone.BAD,
    "given up": Tone.BAD,
}


def fetch() -> dict[str, Any]:
    """Return the JSON of the agent's status as the agent sends it; RestreamError if it does not answer."""
    require_applied()
    opener = build_opener(ProxyHandler({}))  # no proxy of the environment is meant for loopback
    try:
        with opener.open(f"http://{HOOKS}/api/status", timeout=_TIMEOUT) as answer:
            status: dict[str, Any] = dict(json.load(answer))
    except (URLError, HTTPException, OSError, ValueError, TypeError) as error:
        raise RestreamError(
            "the agent does not answer; a broadcast goes on without it",
            hint="systemctl status restream-agent fallback restream.target",
        ) from error
    return status


def read(status: dict[str, Any], channel: str = MAIN) -> StatusReport:
    """Read the status of a channel; RestreamError if the agent does not know it."""
    reports = read_all(status)
    if channel not in reports:
        raise RestreamError(
            f"the agent knows no channel {channel}", hint=f"its channels are {', '.join(reports)}"
        )
    return reports[channel]


def read_all(status: dict[str, Any]) -> Mapping[str, StatusReport]:
    """Read the JSON of a status, by channel; RestreamError if an agent of another version has sent it."""
    try:
        return ChannelsReport.from_table(status).channels
    except (TypeError, ValueError) as error:
        raise RestreamError(
            f"the agent's status cannot be read: {error}",
            hint="the agent may be of another version: systemctl restart restream-agent",
        ) from error


def table(
    status: StatusReport,
    channel: Channel = MAIN_CHANNEL,
    *,
    has_machine: bool = True,
    most: int | None = None,
    now: datetime | None = None,
) -> str:
    """Return the status of a channel: its state, its source, each platform, and what needs a hand.

    With `has_machine`, it says what is wrong with the machine, too. At most `most` platforms that get all
    they should are shown, None for all. `now` is the local time. The tones are
    ANSI sequences. The words come from other processes and from the network: whatever else moves a
    terminal's cursor is left out.
    """
    now = now or datetime.now().astimezone()
    remarks = [*(machine_remarks(status) if has_machine else ()), *remarks_of(status, channel)]
    blocks = [
        [title(status, channel), *_facts(status, now, has_machine=has_machine)],
        _relays(status, most),
        _hand(remarks),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def title(status: StatusReport, channel: Channel) -> str:
    """Return the first line: what a channel shows, or what it waits for."""
    name = f"{channel.name}: " if channel.has_siblings else ""
    state = paint(state_words(status), state_tone(status))
    return name + state + paint(off_air_words(status, channel))


def state_tone(status: StatusReport) -> Tone:
    """Return the tone of a channel's state."""
    if status.state == "live" and status.live is not None and status.live.weak:
        return Tone.WARNING
    return _STATES.get(status.state, Tone.WARNING)


def _facts(status: StatusReport, now: datetime, *, has_machine: bool) -> list[str]:
    """Return a line for each fact about a broadcast; off air there is none but the TOML's commit."""
    facts = []
    if status.on_air_for is not None:
        facts.append(("on air", f"since {moment(now, status.on_air_for)} ({span(status.on_air_for)})"))
    if source := source_words(status):
        facts.append(("source", source))
    if status.hold_left is not None:
        facts.append(("hold", hold_words(status.hold_left, now)))
    if has_machine and status.commit is not None and status.commit.result == "applied":
        facts.append(("toml", commit_words(status.commit, now)))
    return columns([(paint(name, Tone.FAINT), paint(words)) for name, words in facts])


def _relays(status: StatusReport, most: int | None) -> list[str]:
    """Return the platforms as a table; those that are left out are counted below it."""
    fine = [name for name, relay in status.relays.items() if relay.state == "delivering"]
    left_out = set() if most is None else set(fine[most:])
    shown = [(name, relay) for name, relay in status.relays.items() if name not in left_out]
    rows = [(_name(name, relay), *_cells(relay)) for name, relay in shown]
    has_figures = any(len(row) > 2 for row in rows)
    head = [tuple(paint(name, Tone.FAINT) for name in RELAY_COLUMNS)] if has_figures else []
    rest = [f"  {paint(f'{len(left_out)} more: delivering', Tone.FAINT)}"] if left_out else []
    return columns([*head, *rows]) + rest


def _name(name: str, relay: RelayStatus) -> str:
    return paint(name, Tone.PLAIN if relay.state != "off" else Tone.FAINT)


def _cells(relay: RelayStatus) -> list[str]:
    tone = _RELAY_STATES.get(relay.state, Tone.FAINT)
    if relay.state not in _WITH_FIGURES:
        return [paint(relay_words(relay), tone)]
    state, *figures = relay_figures(relay)
    return [paint(state, tone), *map(paint, figures)]


def _hand(remarks: list[str]) -> list[str]:
    """Return what needs a hand, below its heading."""
    if not remarks:
        return []
    return [paint("needs a hand", Tone.WARNING), *(f"  {paint(remark)}" for remark in remarks)]
