"""The journals of a broadcast on the terminal: asks journalctl, prints in words."""

import os
import time
from collections.abc import Callable

from restream_agent.base import process
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.cli import chosen, log_words, paint
from restream_agent.cli.applied import require_applied
from restream_agent.systemd import journal_entries, unit_names
from restream_agent.systemd.channel_systemd import ChannelSystemd
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import require_running
from restream_agent.systemd.time_spans import parse_span

_BEFORE = 10.0
"""Seconds. What has led to a broadcast stands before its beginning: OBS's publish."""

_FEW = 100
"""Entries that are shown if no broadcast was on air since the machine started."""

_STALL = 60.0
"""Seconds. journalctl searches a large journal for that long before its first line."""

_TIMEOUT = 10.0


def show(channels: tuple[Channel, ...], *, since: str | None, follows: bool) -> None:
    """Print what the units of the channels have said, oldest first; go on until Ctrl-C if it follows.

    `since` is a time of journalctl's, or a span ("1h"); None begins with the newest broadcast of the
    channels. RestreamError for a time that is none, and for a journal that this user may not read.
    """
    require_applied()
    require_running()
    _require_journal()
    relays = {channel: chosen.relays(channel) for channel in channels}
    units = [unit for channel in channels for unit in log_words.units_of(channel, relays[channel])]
    begin = _beginning(channels) if since is None else time_of(since, time.time())
    lines = None if begin else _FEW
    argv = journal_entries.command(dict.fromkeys(units), since=begin, lines=lines, follows=follows)
    try:
        process.stream(argv, stall=None if follows else _STALL, on_line=_printer(channels, relays))
    except CommandError as error:
        if since is None or "timestamp" not in error.output:
            raise
        raise RestreamError(
            f"{since} is not a time", hint='write it as "1h", "18:00", "2026-11-26 18:00" or "yesterday"'
        ) from error


def _printer(channels: tuple[Channel, ...], relays: dict[Channel, tuple[str, ...]]) -> Callable[[str], None]:
    """Return what prints a line of journalctl's."""
    is_one = len(channels) == 1
    names = [
        log_words.writer(unit, channel, is_one=is_one)
        for channel in channels
        for unit in map(channel.unit, (unit_names.TARGET, *map(unit_names.relay_unit, relays[channel])))
    ]
    width = max(map(len, names))

    def print_line(line: str) -> None:
        entry = journal_entries.read(line)
        words = "" if entry is None else log_words.line_of(entry, channels, width=width)
        if words:
            paint.show(words)

    return print_line


def _beginning(channels: tuple[Channel, ...]) -> str:
    """Return when the newest broadcast of the channels began, "" if there was none since the boot."""
    began = (ChannelSystemd(channel).units(unit_names.TARGET) for channel in channels)
    newest = max((state.since for states in began for state in states.values()), default=0.0)
    return f"@{time.time() - (time.monotonic() - newest) - _BEFORE:.0f}" if newest else ""


def time_of(since: str, now: float) -> str:
    """Return a time for journalctl: a span without a sign is that long ago."""
    try:
        return f"@{now - parse_span(since):.0f}"
    except ValueError:
        return since


def _require_journal() -> None:
    """Raise RestreamError for a user who sees nothing of the system in the journal."""
    if os.geteuid() == 0:
        return
    # With --output=cat or json journalctl is quiet, and says nothing of what it may not read.
    argv = ("journalctl", "--lines=1", "--no-pager", f"--unit={unit_names.AGENT_UNIT}")
    if "not seeing messages" in process.run(argv, timeout=_TIMEOUT, ok=(0, 1)).stderr:
        raise RestreamError(
            "the journal of the system is not yours to read",
            hint="use sudo, or join the group systemd-journal",
        )
