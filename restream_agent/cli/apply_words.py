"""What `apply` says: what changes, in the words of the TOML, and what that does to what runs. Pure."""

from collections.abc import Iterable

from restream_agent.deploy.apply import ApplyOutcome
from restream_agent.deploy.effects import Effects
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import Channel, channel_of

_MOST = 8
"""Relays that are named in one line. More are counted, and -v names them."""

_MOST_EDITS = 12
"""Lines about what changes."""

_UNITS = {
    unit_names.AGENT_UNIT: "the agent",
    unit_names.INGEST_UNIT: "the ingest server",
    unit_names.NOTIFY_UNIT: "the notifier",
    unit_names.PROGRAM_UNIT: "the program",
}
"""What a reader calls the units that matter; sockets and timers come and go with them."""

_RECONNECTS = " (OBS reconnects, the platforms see the fallback meanwhile)"
_LIST = "-v lists them"


def words(outcome: ApplyOutcome, asked: str, *, is_dry: bool = False, is_long: bool = False) -> list[str]:
    """Return what an apply has done or, `is_dry`, would do, a line for each thing.

    `asked` says in a few words what the configuration asks for. `is_long` adds every file and unit.
    """
    plan = outcome.plan
    lines = _edits(outcome, most=None if is_long else _MOST_EDITS)
    if plan.is_empty:
        return [*lines, "applied: nothing on this machine changes"] if lines else ["nothing to change"]
    lines += _without_edits(outcome) if not plan.edits else []
    lines += effect_lines(outcome)
    if is_long:
        lines += long_list(outcome)
    return [*lines, _end(outcome, asked, is_dry=is_dry, is_long=is_long)]


def long_list(outcome: ApplyOutcome) -> list[str]:
    """Return a line for each file and each unit."""
    files = (f"{change.kind} {change.path}" for change in outcome.plan.changes)
    return [*files, *outcome.plan.actions.lines()]


def what_changes(outcome: ApplyOutcome) -> list[str]:
    """Return what changes, without what it does to the units: the journal has that already."""
    later = [] if outcome.effects is None else _later(outcome.effects)
    return [*_edits(outcome, most=None), *later]


def _edits(outcome: ApplyOutcome, *, most: int | None) -> list[str]:
    lines = list(map(str, outcome.plan.edits or ()))
    if most is None or len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"and {len(lines) - most + 1} more"]


def effect_lines(outcome: ApplyOutcome) -> list[str]:
    """Return what happens to the units that run, and what waits for the next broadcast."""
    effects = outcome.effects
    if effects is None:
        return []
    now = [
        _line("stops", effects.stops),
        _line("restarts", effects.restarts, _RECONNECTS if effects.is_on_air else ""),
        _line("starts", effects.starts),
        _line("reads its settings anew", effects.reloads),
    ]
    if effects.is_on_air and any(change.path.endswith("/fallback.json") for change in outcome.plan.changes):
        now.append("from the next hand-off: the new fallback")
    return [*filter(None, now), *_later(effects)]


def _later(effects: Effects) -> list[str]:
    lines = (
        _line("with the next broadcast", effects.next_broadcast),
        _line("runs on, and changes at its next start", effects.next_start),
    )
    return list(filter(None, lines))


def _without_edits(outcome: ApplyOutcome) -> list[str]:
    """Return why files change though the TOML does not say anything new, or not that we know."""
    if outcome.plan.is_first:
        return ["the first apply on this machine"]
    if outcome.plan.edits is None:
        return ["what the TOML said before is not known: an earlier version has applied it"]
    return ["the TOML is unchanged; restream-agent makes other files from it"]


def _end(outcome: ApplyOutcome, asked: str, *, is_dry: bool, is_long: bool) -> str:
    """Return "applied: 2 platforms, srs (5 files, -v lists them)"."""
    count = len(outcome.plan.changes)
    notes = [f"{count} {'file' if count == 1 else 'files'}"] if count else []
    notes += [_LIST] if count and not is_long else []
    notes += ["systemd is not asked for anything"] if outcome.effects is None else []
    verb = "dry run, nothing was changed" if is_dry else "applied"
    return f"{verb}: {asked}" + (f" ({', '.join(notes)})" if notes else "")


def _line(what: str, units: Iterable[str], reconnects: str = "") -> str:
    """Return a line such as "restarts: twitch, the agent"; "" if a reader knows none of the units."""
    relays = [unit_names.relay_of(unit) for unit in units if unit.startswith("ffmpeg-relay@")]
    names = relays if len(relays) <= _MOST else [f"{len(relays)} relays"]
    others = dict.fromkeys(_words(unit, reconnects) for unit in units)
    names += [name for name in others if name]
    return f"{what}: {', '.join(names)}" if names else ""


def _words(unit: str, reconnects: str) -> str:
    channel = channel_of(unit)
    known = _UNITS.get(channel.plain(unit), "") if not unit.startswith("live@") else ""
    more = reconnects if unit == unit_names.INGEST_UNIT else ""
    return f"{known}{_of(channel)}{more}" if known else ""


def _of(channel: Channel) -> str:
    return "" if channel.is_main else f" of {channel.name}"
