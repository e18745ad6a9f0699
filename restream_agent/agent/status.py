"""The status of everything: a report for users, a line for systemd, problems for a monitor. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from restream_agent.agent.codecs import unplayable
from restream_agent.agent.relay_health import RelayView
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.base import one_line
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.time_spans import format_span
from restream_agent.wire.program_report import HandOffReport, LiveReport, ProgramReport
from restream_agent.wire.status_report import (
    CommitStatus,
    HandOffStatus,
    LiveStatus,
    PublisherStatus,
    RefusalStatus,
    RelayStatus,
    StatusReport,
)

_SLOW = 0.95
"""Seconds of stream in a second. The clocks of two computers differ by much less."""

_LATE = 2000
"""Milliseconds. OBS itself holds back less than a second before it drops pictures."""


def is_weak(live: LiveReport) -> bool:
    """Whether the publisher's line is too slow: its stream is slower than real time, or late."""
    return live.connected and (live.late > _LATE or (live.speed is not None and live.speed < _SLOW))


@dataclass(frozen=True)
class Status:
    """Everything at one moment.

    `program` is the program's newest report, None if the program is silent. `hold_left` is in seconds, None
    if no hold is running. `refused` names the run of `apply` that failed after an edit of the TOML, "" if
    the last one did not fail; `refused_words` are what that run said. `edit` is "unconfirmed" or "taken back"
    for a change that was applied on trial. `is_unprepared` says that the last preparation of the fallback
    failed, `systemd_refusal` what systemd said when it last refused to change a unit, "" if it does not
    refuse. `refusal` is the last refused publisher. `off_air_for` and `on_air_for` are in seconds, None if
    that is not known. `failed_units` are the units whose last run failed. `listen`, `credentials` and
    `obstacles` are as in the agent's settings. `channel` is the one that all of this is about. `is_watching`
    says whether the agent has edits of the TOML applied. `commit` is the last one of its repository.
    """

    situation: Situation
    publisher: Publisher | None
    relays: tuple[RelayView, ...]
    program: ProgramReport | None = None
    hold_left: float | None = None
    refused: str = ""
    edit: str = ""
    is_unprepared: bool = False
    systemd_refusal: str = ""
    refusal: RefusalStatus | None = None
    refused_words: str = ""
    off_air_for: float | None = None
    on_air_for: float | None = None
    failed_units: tuple[str, ...] = ()
    listen: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict)
    obstacles: Mapping[str, str] = field(default_factory=dict)
    channel: Channel = MAIN_CHANNEL
    is_watching: bool = True
    commit: CommitStatus | None = None

    @property
    def source(self) -> str | None:
        """What the program plays ("none", "live", "fallback"), None if it is silent."""
        return None if self.program is None else self.program.source

    @property
    def state(self) -> str:
        """Return "off air", "opening", "live", "fallback", or "on air" if the program is silent."""
        if not self.situation.is_on_air:
            return "off air"
        return {None: "on air", "none": "opening"}.get(self.source, str(self.source))

    @property
    def since(self) -> float | None:
        """Seconds since the source is shown, or since the channel is off air; None if unknown."""
        if not self.situation.is_on_air:
            return self.off_air_for
        return None if self.program is None else self.program.since / 1000

    @property
    def stalled(self) -> str:
        """What stopped at the last hand-off, if that was a stall: "picture" or "all"."""
        recent = () if self.program is None else self.program.hand_offs.recent
        return recent[-1].stalled if recent else ""

    @property
    def summary(self) -> str:
        """The state, the publisher's address, and the relays in trouble."""
        publisher = f" from {self.publisher.address}" if self.publisher and self.state == "live" else ""
        trouble = [f"{relay.name} {relay.state}" for relay in self.relays if relay.state.is_trouble]
        return ", ".join([f"{self.state}{publisher}", *trouble])

    def words(self) -> str:
        """Return one line for systemd's STATUS=."""
        if self.hold_left is None:
            return self.summary
        return f"{self.summary}, off air in {format_span(round(self.hold_left))}"

    def problems(self) -> tuple[str, ...]:
        """Return the problems that a monitor should wake somebody for, a sentence each."""
        problems = list(self.situation.ingest.problems())
        if self.situation.publishers is None:
            problems.append("the ingest server does not answer")
        return (*problems, *self.own_problems())

    def own_problems(self) -> tuple[str, ...]:
        """Return the problems that are this channel's alone, and not the ingest server's."""
        problems = []
        if self.situation.is_on_air and self.source is None:
            problems.append("on air, but the program says nothing")
        if self.systemd_refusal:
            last = one_line.printable(self.systemd_refusal.splitlines()[-1])
            problems.append(f"systemd refuses what the agent asks for: {last}")
        return tuple(problems)

    @property
    def is_sending(self) -> bool:
        """Whether the program knows the codecs of a publisher's stream."""
        live = None if self.program is None else self.program.live
        return live is not None and live.connected and bool(live.video_codec or live.audio_codec)

    @property
    def _config(self) -> str:
        """What became of the last edit; one that only waits for the decision on a trial is not refused."""
        if self.edit == "unconfirmed":
            return self.edit
        return "refused" if self.refused else self.edit or "ok"

    @property
    def unplayable(self) -> dict[str, str]:
        """The codecs of OBS that no platform can get, each with a sentence."""
        return unplayable(self.program.live if self.program else None, self.obstacles, self.channel)

    def report(self) -> StatusReport:
        """Return what `restream-agent status` shows."""
        program, publisher = self.program, self.publisher
        return StatusReport(
            state=self.state,
            since=_rounded(self.since, 1),
            cause=None if program is None else program.cause,
            held=program is not None and program.held,
            hold_left=_rounded(self.hold_left, 1),
            publisher=None if publisher is None else PublisherStatus(publisher.stream, publisher.address),
            ingest="down" if self.situation.publishers is None else "up",
            port="down" if self.situation.ingest.is_port_dead else "up",
            config=self._config,
            systemd="refuses" if self.systemd_refusal else "ok",
            preparation="failed" if self.is_unprepared else "ok",
            live=None if program is None else _live(program),
            hand_offs=() if program is None else tuple(map(_hand_off, program.hand_offs.recent)),
            relays={relay.name: _relay(relay, self.credentials.get(relay.name, "")) for relay in self.relays},
            refusal=self.refusal,
            config_words=one_line.printable(self.refused_words) if self._config == "refused" else "",
            listen=self.listen,
            unplayable=self.unplayable,
            sound="" if program is None else program.sound,
            on_air_for=_rounded(self.on_air_for, 1) if self.situation.is_on_air else None,
            failed_units=tuple(self.channel.unit(unit) for unit in self.failed_units),
            watch=self.is_watching,
            commit=self.commit,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the plain data of `restream-agent status --json`."""
        return self.report().as_table()


def _live(program: ProgramReport) -> LiveStatus:
    live, stalls = program.live, program.hand_offs.kinds.get("stall")
    return LiveStatus(
        connected=live.connected,
        size=live.size,
        frames=live.frames,
        bitrate=live.bitrate,
        frame_rate=live.frame_rate,
        keyframe_interval=live.keyframe_interval / 1000,
        width=live.width,
        height=live.height,
        stalls=0 if stalls is None else stalls.count,
        speed=_rounded(live.speed, 2),
        late=round(live.late / 1000, 1),
        weak=is_weak(live),
        waits_for=live.waits_for,
        waited=round(live.waited / 1000, 1),
        keyframe_age=None if live.keyframe_age is None else round(live.keyframe_age / 1000, 1),
        video_codec=live.video_codec,
        audio_codec=live.audio_codec,
        profile=live.profile,
        full_range=live.full_range,
        sample_rate=live.sample_rate,
        channels=live.channels,
        stated_rate=live.stated_rate,
        measured_rate=live.measured_rate,
        other_tracks=live.other_tracks,
        missing=live.missing,
        stalled=program.stalls,
        age=live.age / 1000,
        connection=live.connection,
    )


def _hand_off(report: HandOffReport) -> HandOffStatus:
    gap = None if report.gap is None else report.gap / 1000
    ago = round(report.ago / 1000, 1)
    return HandOffStatus(report.kind, report.source, ago=ago, gap=gap, stalled=report.stalled)


def _relay(relay: RelayView, credential: str) -> RelayStatus:
    connection, unit = relay.connection, relay.unit
    delivery = relay.reports if relay.has_delivered else None
    rates = relay.rates
    return RelayStatus(
        unit=unit.active,
        state=relay.state.value,
        connected=connection is not None,
        failures=relay.failures,
        restarts=unit.restarts if unit.is_up else None,
        bitrate=_rounded(rates.bitrate, 0),
        frame_rate=_rounded(rates.frame_rate, 1),
        speed=_rounded(rates.speed, 2),
        delay=_rounded(relay.delay, 2),
        idle=round(relay.idle, 1) if unit.is_up else None,
        delivered=None if delivery is None else delivery.newest.size,
        sent=None if connection is None else connection.sent,
        behind=None if connection is None else connection.behind / 1000,
        queued=None if connection is None else connection.queued,
        skipped=None if connection is None else connection.skipped,
        words=relay.attempt.sentence() if relay.failures else "",
        next_try=_rounded(relay.next_try, 1),
        credential=credential,
        av_offset=_rounded(relay.av_offset, 3),
        age=_rounded(relay.age, 1),
        ends_in=_rounded(relay.ends_in, 0),
        lacks_keyframe=relay.lacks_keyframe,
        redirect=relay.attempt.redirect if relay.failures else "",
        cause=relay.attempt.cause if relay.failures else "",
    )


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
