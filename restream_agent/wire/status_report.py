"""The status, as the agent answers `GET /api/status` and `restream-agent status --json` prints it. Pure.

Times are in seconds, sizes in bytes, rates in bit/s and pictures per second. None (null) stands for what is
not known. Users read this JSON: a key that is there stays, with its meaning. The text beside a field is its
description in docs/status.schema.json (cli/status_schema.py makes it).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from restream_agent.wire import records

_MAIN = "main"


@dataclass(frozen=True)
class PublisherStatus:
    """The current publisher."""

    stream: Annotated[str, "the stream's name"]
    address: Annotated[str, "the address that it comes from"]


@dataclass(frozen=True)
class RefusalStatus:
    """The last refused publisher."""

    reason: Annotated[str, "why it was refused"]
    address: Annotated[str, "the address that it came from"]
    ago: Annotated[float, "seconds since then"]
    count: Annotated[int, "how many publishers were refused since the agent started"]
    remedy: Annotated[str, "what to do, empty if there is nothing to say"] = ""


@dataclass(frozen=True)
class LiveStatus:
    """The publisher's stream. 0 and "" stand for what is not known."""

    connected: Annotated[bool, "whether a stream is connected to the program"]
    size: Annotated[int, "bytes since it connected"]
    frames: Annotated[int, "pictures since it connected"]
    bitrate: Annotated[int, "bit/s of the last half second"]
    frame_rate: Annotated[float, "pictures per second of the last half second"]
    keyframe_interval: Annotated[float, "seconds between its last two keyframes, 0 before there were two"]
    width: Annotated[int, "pixels"]
    height: Annotated[int, "pixels"]
    stalls: Annotated[int, "hand-offs to the fallback because it went silent"]
    speed: Annotated[float | None, "seconds of stream that arrived in a second, over the last 10 s"] = None
    late: Annotated[float, "seconds by which it arrives later than at its best"] = 0.0
    weak: Annotated[bool, "whether it is slower than real time, or late"] = False
    waits_for: Annotated[
        str, 'what keeps it from being shown: "settle", "data", "picture", "keyframe", "real time" or ""'
    ] = ""
    waited: Annotated[float, "seconds for which it has waited for that"] = 0.0
    keyframe_age: Annotated[float | None, "seconds since its last keyframe"] = None
    video_codec: Annotated[str, 'a name such as "h264"'] = ""
    audio_codec: Annotated[str, 'a name such as "aac"'] = ""
    profile: Annotated[str, "the profile of H.264 or HEVC, in ffmpeg's words"] = ""
    full_range: Annotated[bool, "whether white is 255, not 235"] = False
    sample_rate: Annotated[int, "Hz"] = 0
    channels: Annotated[int, "channels of sound"] = 0
    stated_rate: Annotated[float, "pictures per second, as the publisher states them"] = 0.0
    measured_rate: Annotated[float, "pictures per second, measured over some seconds"] = 0.0
    other_tracks: Annotated[tuple[str, ...], "tracks that are not played"] = ()
    missing: Annotated[str, 'what does not come though it is connected: "picture", "sound", "all" or ""'] = ""
    stalled: Annotated[
        Mapping[str, int], "stalls, by what stopped: picture, sound or all; that of sound is no hand-off"
    ] = field(default_factory=dict)
    age: Annotated[float, "seconds since it connected, in which `size` and `frames` came"] = 0.0
    connection: Annotated[str, "tells its connection from every other"] = ""


@dataclass(frozen=True)
class HandOffStatus:
    """A change of source."""

    kind: Annotated[str, 'its cause, such as "drop" or "return"']
    source: Annotated[str, "the source after it"]
    ago: Annotated[float, "seconds since then"]
    gap: Annotated[float | None, "seconds without a packet"]
    stalled: Annotated[str, 'what stopped at a stall: "picture" or "all", else ""'] = ""


@dataclass(frozen=True)
class RelayStatus:
    """One relay. Its rates are of what was delivered in the last 5 s."""

    unit: Annotated[str, "systemd's word for the state of its unit"]
    state: Annotated[
        str, '"delivering", "starting", "stalled", "refusing", "given up", "stopped" (by hand) or "off"'
    ]
    connected: Annotated[bool, "whether it reads the program"]
    failures: Annotated[int, "attempts in a row that failed"]
    restarts: Annotated[int | None, "restarts by systemd since the last start by hand"]
    bitrate: Annotated[float | None, "bit/s"]
    frame_rate: Annotated[float | None, "pictures per second"]
    speed: Annotated[float | None, "seconds of stream delivered per second"]
    delay: Annotated[
        float | None, "seconds: how late the publisher's stream arrives, and how far delivery is behind it"
    ]
    idle: Annotated[float | None, "seconds since the platform last took anything"]
    delivered: Annotated[int | None, "bytes that the platform's connection has taken"]
    sent: Annotated[int | None, "bytes that the program has sent to the relay"]
    behind: Annotated[float | None, "seconds of stream that wait in the program's queue"]
    queued: Annotated[int | None, "bytes that wait in the program's queue"]
    skipped: Annotated[int | None, "pictures skipped because the relay did not read"]
    words: Annotated[str, "its unit's status text after a failed attempt"]
    next_try: Annotated[float | None, "seconds until its next attempt"] = None
    credential: Annotated[str, "the credential that holds its key, empty for a key of another kind"] = ""
    av_offset: Annotated[
        float | None, "seconds by which sound has become later than its picture in the relay"
    ] = None
    age: Annotated[float | None, "seconds of stream for which its connection has lasted"] = None
    ends_in: Annotated[
        float | None,
        "seconds until the timestamps of the connection end, and it is connected anew; from 19 days on",
    ] = None
    lacks_keyframe: Annotated[bool, "whether it can go on only at the next keyframe"] = False
    redirect: Annotated[str, "the address to which a refusing platform redirects"] = ""
    cause: Annotated[
        str,
        'why its last attempt failed: "unresolved", "closed-port", "silent", "no-route", "certificate", '
        '"no-rtmp", "refused", "ended" (as for a wrong key), or empty',
    ] = ""


@dataclass(frozen=True)
class CommitStatus:
    """The last commit of the repository that the TOML comes from (examples/gitops)."""

    commit: Annotated[str, "the commit that was looked at last"]
    result: Annotated[
        str,
        '"applied", "refused" by the check, "failed" while it was applied, "not signed" by an allowed signer '
        'or "not forward" if it does not follow the applied one',
    ]
    words: Annotated[str, "why it is not applied, else empty"]
    applied: Annotated[str, "the commit that the TOML is from, empty before the first"]
    ago: Annotated[float, "seconds since that was so"]


@dataclass(frozen=True)
class StatusReport:
    """The status of a channel and its relays."""

    state: Annotated[
        str, '"off air", "opening", "live", "fallback", or "on air" if the program does not report'
    ]
    since: Annotated[float | None, "seconds since the source is shown, or since the channel is off air"]
    cause: Annotated[str | None, "the kind of the last hand-off"]
    held: Annotated[bool, "whether the operator keeps the fallback on"]
    hold_left: Annotated[float | None, "seconds until the hold ends the broadcast, null if it does not run"]
    publisher: Annotated[PublisherStatus | None, "who publishes, null if nobody does"]
    ingest: Annotated[str, '"up", or "down" if the ingest server does not answer']
    config: Annotated[
        str,
        '"ok", "refused" if the last edit of the TOML was not applied, "unconfirmed" while an apply waits '
        'to be confirmed, or "taken back" if nobody has confirmed the last one',
    ]
    systemd: Annotated[str, '"ok", or "refuses" if the agent may not start and stop units']
    preparation: Annotated[str, '"ok", or "failed" if the fallback could not be made to match']
    live: Annotated[LiveStatus | None, "the publisher's stream; {} if the program does not report"]
    hand_offs: Annotated[tuple[HandOffStatus, ...], "the newest changes of source, oldest first"]
    relays: Annotated[Mapping[str, RelayStatus], "the relays, by name"]
    refusal: Annotated[RefusalStatus | None, "the last refused publisher"] = None
    port: Annotated[str, '"up", or "down" if the public port accepts no connections'] = "up"
    config_words: Annotated[str, "what is wrong with a refused edit"] = ""
    listen: Annotated[str, "the address at which the ingest server takes OBS"] = ""
    unplayable: Annotated[
        Mapping[str, str], "codecs of OBS that no platform can get, each with why, and what to set"
    ] = field(default_factory=dict)
    sound: Annotated[
        str, 'where the sound comes from: "live", "fallback", "silence", "none", or "" if not known'
    ] = ""
    on_air_for: Annotated[float | None, "seconds since the broadcast began, null while off air"] = None
    failed_units: Annotated[tuple[str, ...], "units of this channel, or of all, whose last run failed"] = ()
    watch: Annotated[bool, "whether edits of the TOML are applied by themselves (agent.watch)"] = True
    version: Annotated[
        str, "the version of the agent that runs, which an upgrade of the files alone leaves"
    ] = ""
    commit: Annotated[CommitStatus | None, "the last commit, null if the TOML comes from no repository"] = (
        None
    )

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
