"""Detects news: a change of the channel at once, a change of a platform when it has lasted. Pure.

The agent compares a moment about once a second. The detector keeps what was told last, so that a restarted
agent neither repeats news nor misses what has happened meanwhile. Times are in seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from restream_agent.agent.lip_sync import OUT_OF_SYNC
from restream_agent.agent.relay_health import RelayState
from restream_agent.agent.renewal import DAY, NIGHT
from restream_agent.systemd.channels import Channel
from restream_agent.wire.news import News, NewsKind

FAILING_AFTER = 10.0
"""Seconds that a platform receives nothing before that is news: a relay that reconnects at once is not."""

RECOVERED_AFTER = 5.0
"""Seconds that a platform receives everything before that is news."""

OFFSET_AFTER = 15.0
"""Seconds for which sound is off its picture, or with its picture again, before that is news."""

_ON_AIR = ("live", "fallback", "opening")
_CAUSES = {
    "drop": "the publisher's stream ended",
    "stall": "the publisher's stream went silent",
    "overrun": "the publisher's stream came too fast, as after a jam",
    "break": "asked for by hand",
    "restart": "the program was restarted",
}
_PICTURE_STALLED = "the publisher's picture stopped, its sound goes on"


@dataclass(frozen=True)
class Moment:
    """The state of everything at `at`, in seconds since 1970.

    `state` and `cause` are the channel's, `relays` has the state of each relay. `refused` names the run of
    restream-apply that failed, "" if the last one did not. `is_port_dead` says that OBS cannot connect.
    `renewals` has the relays whose age is known, with the seconds until they have to be renewed, None if
    that is not soon; `offsets` the relays whose offset is known, in seconds.
    `unplayable` has a sentence for each codec of OBS that no platform can get; `is_sending` says that the
    codecs of OBS are known. `stalled` says what stopped if the cause is a stall: "picture" or "all".
    """

    state: str
    cause: str = ""
    relays: Mapping[str, RelayState] = field(default_factory=dict)
    refused: str = ""
    at: float = 0.0
    is_port_dead: bool = False
    renewals: Mapping[str, float | None] = field(default_factory=dict)
    offsets: Mapping[str, float] = field(default_factory=dict)
    unplayable: tuple[str, ...] = ()
    is_sending: bool = False
    stalled: str = ""


@dataclass(frozen=True)
class ToldNews:
    """What was told last.

    `state` is the channel's, `failing` names the platforms that were said to fail, `given_up` those of them
    whose relay was said to have given up, `refused` the last failed run of restream-apply. `is_port_dead`
    says that the public port was said to be dead. `renewals` are the relays whose renewal was announced,
    `out_of_sync` those whose sound was said to be off its picture.
    `unplayable` has what was said of the codecs of OBS.
    """

    state: str = "off air"
    failing: frozenset[str] = frozenset()
    refused: str = ""
    given_up: frozenset[str] = frozenset()
    is_port_dead: bool = False
    renewals: frozenset[str] = frozenset()
    unplayable: tuple[str, ...] = ()
    out_of_sync: frozenset[str] = frozenset()

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "ToldNews":
        """Read what `as_json` returned; KeyError or TypeError for anything else."""
        state, failing, refused = str(values["state"]), frozenset(values["failing"]), str(values["refused"])
        given_up, is_port_dead = frozenset(values.get("given_up", ())), bool(values.get("is_port_dead"))
        renewals, out_of_sync = (frozenset(values.get(key, ())) for key in ("renewals", "out_of_sync"))
        unplayable = tuple(map(str, values.get("unplayable", ())))
        return cls(state, failing, refused, given_up, is_port_dead, renewals, unplayable, out_of_sync)

    def as_json(self) -> dict[str, Any]:
        """Return the content of told.json, which the next agent reads."""
        return {
            "state": self.state,
            "failing": sorted(self.failing),
            "refused": self.refused,
            "given_up": sorted(self.given_up),
            "is_port_dead": self.is_port_dead,
            "renewals": sorted(self.renewals),
            "unplayable": list(self.unplayable),
            "out_of_sync": sorted(self.out_of_sync),
        }


class NewsDetector:
    """Compares each moment with what was told last.

    Where there are several channels, the news names this one. News of the machine is told for `main` alone.
    """

    def __init__(self, told: ToldNews, channel: Channel) -> None:
        self.told = told
        self._channel = channel
        self._since: dict[str, float] = {}

    def look(self, moment: Moment, now: float) -> list[News]:
        """Return the news of a moment; `now` is in seconds of the monotonic clock."""
        news = [
            *self._changes(moment),
            *self._platforms(moment, now),
            *self._renewals(moment),
            *self._codecs(moment),
            *self._offsets(moment, now),
        ]
        news = [*map(self._named, news), *self._machine(moment)]
        state = moment.state if self._says_something(moment.state) else self.told.state
        self.told = replace(self.told, state=state, refused=moment.refused, is_port_dead=moment.is_port_dead)
        return news

    def _named(self, news: News) -> News:
        """Return news with the channel's name where there are several."""
        if not self._channel.has_siblings:
            return news
        name = self._channel.name
        return replace(news, channel=name, text=f"{name}: {news.text}")

    def _machine(self, moment: Moment) -> list[News]:
        return [*self._config(moment), *self._port(moment)] if self._channel.is_main else []

    def _says_something(self, state: str) -> bool:
        """Tell whether a state counts: "on air" says nothing, as the program says nothing.

        "opening" says nothing after a broadcast that nobody saw end: the next one came within a second.
        """
        if state == "opening":
            return self.told.state in ("off air", "opening")
        return state in ("off air", *_ON_AIR)

    def _changes(self, moment: Moment) -> list[News]:
        before, after = self.told.state, moment.state
        if before != after == "off air":
            return [_channel_news(NewsKind.OFF_AIR, moment, "off air")]
        if before == after or not self._says_something(after):
            return []
        if before == "off air":
            text = "on air" if after == "opening" else f"on air: {after}"
            return [_channel_news(NewsKind.ON_AIR, moment, text)]
        if after == "fallback":
            cause = _PICTURE_STALLED if moment.stalled == "picture" else _CAUSES.get(moment.cause)
            text = "the fallback is shown" + (f": {cause}" if cause else "")
            return [_channel_news(NewsKind.FALLBACK, moment, text)]
        return [_channel_news(NewsKind.LIVE, moment, "live")] if before == "fallback" else []

    def _platforms(self, moment: Moment, now: float) -> list[News]:
        """Return news of each platform whose state has differed from what was told for long enough."""
        if moment.state == "off air":
            self._since.clear()
            nothing = frozenset[str]()
            self.told = replace(
                self.told, failing=nothing, given_up=nothing, renewals=nothing, out_of_sync=nothing
            )
            return []
        news, failing = [], set(self.told.failing & moment.relays.keys())
        for name, state in moment.relays.items():
            was_failing, is_well = name in failing, state is RelayState.DELIVERING
            has_changed = is_well if was_failing else not is_well and state is not RelayState.STOPPED
            if self._has_lasted(name, has_changed, now, RECOVERED_AFTER if was_failing else FAILING_AFTER):
                failing ^= {name}
            elif not was_failing or state is not RelayState.GIVEN_UP or name in self.told.given_up:
                continue
            kind = NewsKind.PLATFORM_RECOVERED if is_well else NewsKind.PLATFORM_FAILING
            text = f"{name} gets everything again" if is_well else f"{name} gets nothing: {state}"
            news.append(News(kind, name, moment.at, text))
        given_up = {name for name in failing if moment.relays[name] is RelayState.GIVEN_UP}
        self.told = replace(self.told, failing=frozenset(failing), given_up=frozenset(given_up))
        return news

    def _has_lasted(self, name: str, has_changed: bool, now: float, seconds: float) -> bool:
        """Whether a platform's change has lasted for so many seconds; if so, the count starts anew."""
        if not has_changed:
            self._since.pop(name, None)
            return False
        if now - self._since.setdefault(name, now) < seconds:
            return False
        del self._since[name]
        return True

    def _config(self, moment: Moment) -> list[News]:
        if not moment.refused or moment.refused == self.told.refused:
            return []
        text = "an edit of the TOML could not be applied: journalctl -u restream-apply"
        return [_channel_news(NewsKind.CONFIG_REFUSED, moment, text)]

    def _renewals(self, moment: Moment) -> list[News]:
        """Announce each renewal once; that of a relay whose age is not known for a while stays announced."""
        soon = {name: seconds for name, seconds in moment.renewals.items() if seconds is not None}
        before = self.told.renewals
        self.told = replace(self.told, renewals=(before - moment.renewals.keys()) | soon.keys())
        return [
            News(NewsKind.PLATFORM_RENEWAL, name, moment.at, _renewal_words(name, seconds))
            for name, seconds in soon.items()
            if name not in before
        ]

    def _codecs(self, moment: Moment) -> list[News]:
        """Return news of codecs that no platform can get: once, until OBS sends others."""
        if not moment.is_sending or moment.unplayable == self.told.unplayable:
            return []
        new = [sentence for sentence in moment.unplayable if sentence not in self.told.unplayable]
        self.told = replace(self.told, unplayable=moment.unplayable)
        return [_channel_news(NewsKind.CODEC_REFUSED, moment, sentence) for sentence in new]

    def _offsets(self, moment: Moment, now: float) -> list[News]:
        """Return news of relays whose sound has been off its picture, or with it again, for long enough."""
        news, told = [], set(self.told.out_of_sync)
        for name, offset in moment.offsets.items():
            is_off = abs(offset) > OUT_OF_SYNC
            if self._has_lasted(f"offset of {name}", is_off != (name in told), now, OFFSET_AFTER):
                told ^= {name}
                kind = NewsKind.PLATFORM_OUT_OF_SYNC if is_off else NewsKind.PLATFORM_IN_SYNC
                news.append(News(kind, name, moment.at, self._offset_words(name, offset)))
        self.told = replace(self.told, out_of_sync=frozenset(told))
        return news

    def _offset_words(self, name: str, offset: float) -> str:
        if abs(offset) <= OUT_OF_SYNC:
            return f"{name} gets sound with its picture again"
        order = "behind" if offset > 0 else "ahead of"
        remedy = f"systemctl restart ffmpeg-relay@{self._channel.relay(name)}"
        return f"{name} gets sound {abs(offset):.2f} s {order} its picture: {remedy}"

    def _port(self, moment: Moment) -> list[News]:
        if moment.is_port_dead == self.told.is_port_dead:
            return []
        if moment.is_port_dead:
            text = "the ingest server accepts no connections: OBS cannot connect"
            return [_channel_news(NewsKind.INGEST_FAILING, moment, text)]
        return [
            _channel_news(NewsKind.INGEST_RECOVERED, moment, "the ingest server accepts connections again")
        ]


def _renewal_words(name: str, seconds: float) -> str:
    night = f"{NIGHT.start}:00 to {NIGHT.stop}:00"
    return (
        f"{name} will be connected anew, at night ({night}) or during the fallback: "
        f"the timestamps of its connection end in {seconds / DAY:.1f} days"
    )


def _channel_news(kind: NewsKind, moment: Moment, text: str) -> News:
    return News(kind, None, moment.at, text)
