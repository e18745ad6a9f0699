"""The status, as the agent answers `GET /api/status` and `restream-agent status --json` prints it. Pure.

Times are in seconds, sizes in bytes, rates in bit/s and pictures per second. None (null) stands for what is
not known. Users read this JSON: a key that is there stays, with its meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from restream_agent.wire import records

_MAIN = "main"


@dataclass(frozen=True)
class PublisherStatus:
    """The current publisher: the stream's name and the address that it comes from."""

    stream: str
    address: str


@dataclass(frozen=True)
class RefusalStatus:
    """The last refused publisher: why, from where, how long `ago`; `count` of all since the agent started.

    `remedy` is what to do, "" if there is nothing to say.
    """

    reason: str
    address: str
    ago: float
    count: int
    remedy: str = ""


@dataclass(frozen=True)
class LiveStatus:
    """The publisher's stream: totals since it connected, rates of the last half second, size in pixels.

    `keyframe_interval` is between its last two keyframes, 0 before there were two. `stalls` counts the hand-
    offs to the fallback because it went silent. `speed` is seconds of stream that arrived in a second
    over the last 10 s; `late` is how much later the stream arrives than at its best. A stream that is
    slower than real time, or late, is `weak`. `waits_for` says what keeps it from being shown: "settle",
    "data", "picture", "keyframe" or "real time"; `waited` for how long it has. `keyframe_age` is the time
    since its last keyframe. `video_codec` and `audio_codec` are names such as "h264"
    and "aac", `profile` is that of H.264 or HEVC; `full_range` says that white is 255, not 235.
    `sample_rate` is in Hz. `stated_rate` is the frame rate that the publisher states, `measured_rate` the
    measured one. 0 and "" stand for what is not known. `other_tracks` names the tracks that are not
    played. `missing` is what does not come though it is connected: "picture", "sound", "all" or "".
    `stalled` counts by the same words what stopped; that of the sound alone is no hand-off.
    """

    connected: bool
    size: int
    frames: int
    bitrate: int
    frame_rate: float
    keyframe_interval: float
    width: int
    height: int
    stalls: int
    speed: float | None = None
    late: float = 0.0
    weak: bool = False
    waits_for: str = ""
    waited: float = 0.0
    keyframe_age: float | None = None
    video_codec: str = ""
    audio_codec: str = ""
    profile: str = ""
    full_range: bool = False
    sample_rate: int = 0
    channels: int = 0
    stated_rate: float = 0.0
    measured_rate: float = 0.0
    other_tracks: tuple[str, ...] = ()
    missing: str = ""
    stalled: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class HandOffStatus:
    """A change of source: its kind, the source after it, how long `ago`, and the gap without a packet.

    `stalled` says what stopped at a stall: "picture" or "all".
    """

    kind: str
    source: str
    ago: float
    gap: float | None
    stalled: str = ""


@dataclass(frozen=True)
class RelayStatus:
    """One relay.

    `unit` is systemd's word for the unit's state, `state` the agent's for what the relay does. `connected`
    says that it reads the program. `failures` counts the attempts in a row that failed, `restarts` what
    systemd has restarted since the last start by hand. Rates are of what was delivered in the last 5 s,
    `speed` is seconds of stream per second. `delay` is how late the publisher's stream arrives, and how far
    delivery is behind it; `idle` the time since the platform last took anything. `delivered` and `sent` are
    bytes; `behind` (s) and `queued` (bytes) wait in the program's queue; `skipped` counts pictures. `words`
    is the unit's status text after a failed attempt, else "". `next_try` is how long the relay waits until
    its next attempt, `credential` the name of the credential that holds its key ("" for a key of another
    kind). `av_offset` is by how much sound has become later than its picture between the program and the
    relay's output. `age` is for how many seconds of stream its connection has lasted; from 19 days on,
    `ends_in` is until its timestamps end, before which it is connected anew. A relay that can go on only at
    the next keyframe `lacks_keyframe`. `redirect` is the address to which a refusing platform redirects.
    """

    unit: str
    state: str
    connected: bool
    failures: int
    restarts: int | None
    bitrate: float | None
    frame_rate: float | None
    speed: float | None
    delay: float | None
    idle: float | None
    delivered: int | None
    sent: int | None
    behind: float | None
    queued: int | None
    skipped: int | None
    words: str
    next_try: float | None = None
    credential: str = ""
    av_offset: float | None = None
    age: float | None = None
    ends_in: float | None = None
    lacks_keyframe: bool = False
    redirect: str = ""


@dataclass(frozen=True)
class StatusReport:
    """The channel and its relays.

    `state` is "off air", "opening", "live", "fallback", or "on air" if the program does not report; `since`
    is for how long the source has been shown, or the channel off air, `cause` the kind of the last hand-
    off. `held` says that the operator keeps the fallback on, `hold_left` how long until the hold ends the
    broadcast. `ingest` is "up" or "down" (its API), `port` the same of its public port, `config` "ok" or
    "refused" (the last edit of the TOML), `systemd` "ok" or "refuses" (to start or stop a unit),
    `preparation` of the fallback "ok" or "failed". `live` is None, and {} in the JSON, if the program
    does not report. `hand_offs` are the newest ones, oldest first. `refusal` is the last refused
    publisher. `config_words` are the first words of what is wrong with a refused edit. `listen` is the
    address at which the ingest server takes OBS. `unplayable` has the codecs of OBS that no platform can
    get, each with a sentence that says why and what to set.
    `sound` is where the program's sound comes from: "live", "fallback", "silence", "none", or "" if that is
    not known.
    """

    state: str
    since: float | None
    cause: str | None
    held: bool
    hold_left: float | None
    publisher: PublisherStatus | None
    ingest: str
    config: str
    systemd: str
    preparation: str
    live: LiveStatus | None
    hand_offs: tuple[HandOffStatus, ...]
    relays: Mapping[str, RelayStatus]
    refusal: RefusalStatus | None = None
    port: str = "up"
    config_words: str = ""
    listen: str = ""
    unplayable: Mapping[str, str] = field(default_factory=dict)
    sound: str = ""

    def as_table(self) -> dict[str, Any]:
        """Return the plain data of the JSON."""
        table = records.as_table(self)
        return table | {"live": table["live"] or {}}

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "StatusReport":
        """Read the plain data of the JSON; TypeError or ValueError, with the key, if it is something else."""
        return records.from_table(cls, {**table, "live": table.get("live") or None})


@dataclass(frozen=True)
class ChannelsReport:
    """The status of every channel, `main` first: what the agent answers.

    The JSON is that of `main`. Where there are several channels, the key "channels" has the other ones.
    """

    channels: Mapping[str, StatusReport]

    def as_table(self) -> dict[str, Any]:
        """Return the plain data of the JSON."""
        tables = {name: report.as_table() for name, report in self.channels.items()}
        main = tables.pop(_MAIN)
        return main | {"channels": tables} if tables else main

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> "ChannelsReport":
        """Read the plain data of the JSON; errors as `StatusReport.from_table`."""
        main = {key: value for key, value in table.items() if key != "channels"}
        others = table.get("channels", {})
        if not isinstance(others, dict):
            raise TypeError("channels: is not a table")
        if not all(isinstance(each, dict) for each in others.values()):
            raise TypeError("channels: is not a table of tables")
        reports = {name: StatusReport.from_table(each) for name, each in others.items()}
        return cls({_MAIN: StatusReport.from_table(main), **reports})
