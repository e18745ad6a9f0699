"""The journals of a broadcast in words: who says something, and what it means. Pure."""

from collections.abc import Mapping
from datetime import datetime

from restream_agent.cli.paint import Tone, paint
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.journal_entries import Entry

_WRITERS = {
    unit_names.TARGET: "broadcast",
    unit_names.PROGRAM_UNIT: "program",
    unit_names.HOLD_TIMER: "hold",
    unit_names.HOLD_SERVICE: "hold",
    unit_names.PREPARE_UNIT: "fallback",
    unit_names.FORGET_UNIT: "agent",
    unit_names.AGENT_UNIT: "agent",
    unit_names.APPLY_UNIT: "apply",
    unit_names.TAKE_BACK_UNIT: "apply",
    unit_names.INGEST_UNIT: "ingest",
    unit_names.NOTIFY_UNIT: "notifier",
}

STARTED = "39f53479d3a045ac8e11786248231fbf"
STOPPED = "9d1aaa27d60140bd96365438aad20286"
START_FAILED = "be02cf6855d2428ba40df7e9d022f03d"
RELOADED = "7b05ebc668384222baa8881179cfda54"
RESTARTS = "5eb03494b6584870a536b337290809b3"
ENDED = "98e322203f7a4ed290d09fe03c09fe15"
FAILED = "d9b373ed55a64feb8242e02dbe79a49c"
OUT_OF_MEMORY = "fe6faa94e7774663a0da52717891d8ef"

_OWN = (
    unit_names.TARGET,
    unit_names.PROGRAM_UNIT,
    unit_names.HOLD_TIMER,
    unit_names.HOLD_SERVICE,
    unit_names.PREPARE_UNIT,
    unit_names.FORGET_UNIT,
)
_SHARED = (
    unit_names.AGENT_UNIT,
    unit_names.APPLY_UNIT,
    unit_names.TAKE_BACK_UNIT,
    unit_names.INGEST_UNIT,
    unit_names.NOTIFY_UNIT,
)
_CONVERSIONS = unit_names.CONVERT_TEMPLATE.partition("@")[0] + "@"

_SAY_NOTHING = (
    "7d4958e842da4a758f6c1cdc7b36dcc5",  # a start has begun
    "de5b426a63be47a7b6ac3eaac82e2f6f",  # a stop has begun
    "d34d037fff1847e6ae669a370e694725",  # a reload has begun
    "7ad2d189f7e94e70a38c781354912448",  # the unit succeeded: "stopped" follows
    "ae8f7b866b0347b9af31fe1c80b127c0",  # the resources that it used
)
"""Ids of systemd's message catalog, as are those above: /usr/lib/systemd/catalog/systemd.catalog."""

_SPECIAL = {
    (unit_names.TARGET, STARTED): ("ON AIR", Tone.GOOD),
    (unit_names.TARGET, STOPPED): ("OFF AIR", Tone.STRONG),
    (unit_names.HOLD_TIMER, STARTED): ("the hold begins", Tone.WARNING),
    (unit_names.HOLD_TIMER, STOPPED): ("the hold is over", Tone.PLAIN),
    (unit_names.HOLD_SERVICE, STARTED): ("the broadcast is ended", Tone.PLAIN),
    # These run to their end, and systemd says "started" then.
    (unit_names.APPLY_UNIT, STARTED): ("done", Tone.FAINT),
    (unit_names.PREPARE_UNIT, STARTED): ("done", Tone.FAINT),
    (unit_names.FORGET_UNIT, STARTED): ("", Tone.PLAIN),
}

_WORDS = {
    STARTED: "started",
    STOPPED: "stopped",
    START_FAILED: "could not be started",
    RELOADED: "has read its settings anew",
    OUT_OF_MEMORY: "killed: out of memory",
}

_TONES = {7: Tone.FAINT, 6: Tone.PLAIN, 5: Tone.PLAIN, 4: Tone.WARNING}


def units_of(channel: Channel, relays: tuple[str, ...]) -> tuple[str, ...]:
    """Return the units whose journals are a channel's, shared ones included; patterns for those of the past.

    `relays` are the channel's relays: journalctl would not notice the first words of a unit that only a
    pattern names, and that begins while it follows.
    """
    plain = (*_OWN, *map(unit_names.relay_unit, relays), "ffmpeg-relay@*.service", "live@*.service")
    player, conversions = unit_names.live_unit(channel.name), f"{_CONVERSIONS}*.service"
    return tuple(dict.fromkeys((*map(channel.unit, plain), player, *_SHARED, conversions)))


def line_of(entry: Entry, channels: tuple[Channel, ...], *, width: int = 0) -> str:
    """Return an entry as a line, further lines of its text indented; "" if it is not told.

    It is told if it is about one of the channels, and says more than the entries around it. `width` is that
    of the writer's name; of several channels the name has the channel in front.
    """
    channel = next((channel for channel in channels if _is_of(entry.unit, channel)), None)
    if channel is None:
        return ""
    words, tone = _what(entry, channel.plain(entry.unit))
    if not words:
        return ""
    at = datetime.fromtimestamp(entry.at).astimezone()
    name = writer(entry.unit, channel, is_one=len(channels) == 1)
    head = f"{paint(f'{at:%b %d %H:%M:%S}', Tone.FAINT)}  {paint(name)}{' ' * (width - len(name))}  "
    first, *others = words.splitlines() or [""]
    return "\n".join((head + paint(first, tone), *(f"    {paint(other, tone)}" for other in others)))


def writer(unit: str, channel: Channel, *, is_one: bool) -> str:
    """Return who says something: "program", "relay twitch", or of several channels "es: program"."""
    plain = channel.plain(unit)
    stem, _, instance = plain.removesuffix(".service").partition("@")
    named = {"ffmpeg-relay": f"relay {instance}", "live": "player", "restream-fallback-convert": "fallback"}
    name = _WRITERS.get(plain) or named.get(stem) or plain
    return name if is_one or _is_shared(plain) else f"{channel.name}: {name}"


def _is_shared(plain: str) -> bool:
    return plain in _SHARED or plain.startswith(_CONVERSIONS)


def _is_of(unit: str, channel: Channel) -> bool:
    try:
        channel.plain(unit)
    except ValueError:
        return False
    return True


def _what(entry: Entry, plain: str) -> tuple[str, Tone]:
    """Return what an entry says about the unit of a plain name, "" for nothing."""
    if not entry.is_systemd:
        return entry.text.strip("\n"), _TONES.get(entry.priority, Tone.BAD)
    if entry.kind in _SAY_NOTHING or (entry.kind == ENDED and _is_clean(entry.details)):
        return "", Tone.PLAIN
    special = _SPECIAL.get((plain, entry.kind))
    if special is not None:
        return special
    tone = Tone.FAINT if entry.priority >= 5 else _TONES.get(entry.priority, Tone.BAD)
    return _WORDS.get(entry.kind) or _ending(entry) or entry.text.strip("\n"), tone


def _ending(entry: Entry) -> str:
    """Return the words for the end of a unit's process, and for what systemd makes of it."""
    details = entry.details
    if entry.kind == ENDED:
        code, status = details.get("EXIT_CODE", ""), details.get("EXIT_STATUS", "")
        how = f"ended with status {status}" if code == "exited" else f"was {code} ({status})"
        return f"its process {how}"
    if entry.kind == FAILED:
        return f"failed: {details.get('UNIT_RESULT', 'its log says why')}"
    if entry.kind == RESTARTS:
        return f"is started again, for the {_ordinal(details.get('N_RESTARTS', ''))} time"
    return ""


def _is_clean(details: Mapping[str, str]) -> bool:
    return details.get("EXIT_CODE") == "exited" and details.get("EXIT_STATUS") in ("0", "SUCCESS")


def _ordinal(number: str) -> str:
    if not number.isdigit():
        return "next"
    last = {1: "st", 2: "nd", 3: "rd"}.get(int(number) % 10, "th")
    return f"{number}th" if int(number) % 100 in (11, 12, 13) else f"{number}{last}"
