"""The state of a relay, from the reports of systemd, the program and its own ffmpeg. Pure.

Times are seconds of the monotonic clock. Rules: docs/design.md, "Watching the relays".
"""

from dataclasses import dataclass, field
from enum import StrEnum

from restream_agent.agent import renewal
from restream_agent.agent.ffmpeg_progress import HEADERS, ProgressHistory, Rates
from restream_agent.agent.lip_sync import LipSync
from restream_agent.systemd.unit_state import UnitState
from restream_agent.wire.attempts import GIVEN_UP, AttemptStatus
from restream_agent.wire.program_report import RelayReport

SILENT = 3.0
"""Seconds without a report, or without anything delivered, after which a relay is not delivering."""

REFUSING_AFTER = 3
"""Failed attempts in a row after which the platform counts as refusing."""


class RelayState(StrEnum):
    """What a relay is doing, in one word."""

    OFF = "off"
    STARTING = "starting"
    DELIVERING = "delivering"
    STALLED = "stalled"
    REFUSING = "refusing"
    GIVEN_UP = "given up"
    STOPPED = "stopped"

    @property
    def is_trouble(self) -> bool:
        """Whether the platform does not receive what it should."""
        return self in (RelayState.STALLED, RelayState.REFUSING, RelayState.GIVEN_UP)


@dataclass(frozen=True)
class RelayView:
    """All that is known of one relay at `now`.

    `unit` is systemd's view of its unit. `connection` is the program's report of its connection, None without
    one; `taken_at` is when it last took anything from the program, `lacked_at` when it last lacked a
    keyframe: nothing could be given to it then. `delivery` has its ffmpeg's reports, `lip_sync` the marks
    that its ffmpeg has passed on. `position` is the program's last timestamp by now, in ms; `late` is by how
    many seconds the publisher's stream arrives later than at its best, 0 while another source is shown;
    `running_for` is how long the program has been sending, in seconds. Reports are received since
    `watched_since`.
    """

    name: str
    now: float
    unit: UnitState = field(default_factory=UnitState)
    connection: RelayReport | None = None
    delivery: ProgressHistory | None = None
    lip_sync: LipSync | None = None
    taken_at: float | None = None
    lacked_at: float | None = None
    position: float | None = None
    late: float = 0.0
    running_for: float = 0.0
    watched_since: float = float("-inf")
    is_on_air: bool = True

    @property
    def state(self) -> RelayState:
        """What the relay is doing."""
        if self.unit.active == "failed" and self.unit.exit_status == GIVEN_UP:
            return RelayState.GIVEN_UP
        if not self.unit.is_up:
            return RelayState.STOPPED if self.is_on_air else RelayState.OFF
        if self.has_delivered:
            return RelayState.DELIVERING if self.idle <= SILENT else RelayState.STALLED
        return RelayState.REFUSING if self.failures >= REFUSING_AFTER else RelayState.STARTING

    @property
    def reports(self) -> ProgressHistory | None:
        """The reports of its ffmpeg, None before the first report of this run."""
        if self.delivery is None or self.delivery.reported_at < self.unit.since:
            return None
        return self.delivery

    @property
    def has_delivered(self) -> bool:
        """Whether media have reached the platform in this run of the relay.

        Of a run without reports that is older than the agent, what it has taken from the program tells: an
        ffmpeg 7 under which the clock was set back sends no report until the clock has caught up.
        """
        if self.reports is None:
            is_older = 0.0 < self.unit.since < self.watched_since
            is_known = is_older and self.connection is not None and self.connection.sent > HEADERS
        else:
            is_known = self.reports.newest.size > HEADERS
        return self.unit.active == "active" and is_known

    @property
    def attempt(self) -> AttemptStatus:
        """The attempt that is under way, by the status text of the unit."""
        return AttemptStatus.read(self.unit.words)

    @property
    def failures(self) -> int:
        """How many attempts in a row have failed before this one; 0 once it delivers."""
        return 0 if self.has_delivered else self.attempt.failures

    @property
    def next_try(self) -> float | None:
        """Seconds until the next attempt begins, None while none is waiting for its pause to pass."""
        if self.unit.active != "activating" or not self.failures:
            return None
        return max(0.0, self.unit.started + self.attempt.pause - self.now)

    @property
    def idle(self) -> float:
        """Seconds since the platform last took anything in this run of the relay, or since the run began.

        If the relay's reports have ceased, what the relay takes from the program counts instead, because
        datagrams get lost.
        """
        moments = [self.unit.since]
        if self.reports is not None:
            moments.append(self.reports.advanced_at)
        if not self._is_reporting and self.taken_at is not None:
            moments.append(self.taken_at)
        return max(0.0, self.now - max(moments))

    @property
    def delay(self) -> float | None:
        """Seconds from when a packet was due from the publisher until it is delivered; None if not known.

        That is how late the publisher's stream comes, and how far what was delivered is behind the program.
        """
        beginning = None if self.connection is None else self.connection.beginning
        reports = self.reports if self.has_delivered else None
        if self._is_taking_silently:
            return None
        if reports is None or reports.newest.position is None or beginning is None or self.position is None:
            return None
        if self._is_reporting and reports.reported_at - reports.moved_at > SILENT > self.idle:
            return None  # sound or picture has ended, and ffmpeg 7 reports the time of that stream
        # The delay at the time of the report: while anything is delivered, both go on at the same pace.
        age = self.now - reports.reported_at if self._is_reporting else 0
        return self.late + max(0.0, (self.position - beginning) / 1000 - age - reports.newest.position)

    @property
    def age(self) -> float | None:
        """Seconds of stream since the connection began: the newest timestamp on it; None if not known."""
        beginning = None if self.connection is None else self.connection.beginning
        if beginning is None or self.position is None:
            return None
        return max(0.0, (self.position - beginning) / 1000)

    @property
    def ends_in(self) -> float | None:
        """Seconds until the timestamps of the connection end; None before that is announced."""
        return renewal.ends_in(self.age)

    @property
    def is_settling(self) -> bool:
        """Whether the relay is starting, or was started just before."""
        if self.state is RelayState.DELIVERING:
            return self.now - self.unit.since < renewal.SETTLED
        return self.state is RelayState.STARTING

    @property
    def av_offset(self) -> float | None:
        """By how many seconds sound has become later than its picture in the relay; None if not known."""
        if self.lip_sync is None or self.unit.active != "active":
            return None
        return self.lip_sync.offset(now=self.now, since=self.unit.since)

    @property
    def rates(self) -> Rates:
        """What is delivered per second; unknown while the relay takes its data and does not report."""
        if self.reports is None or not self.has_delivered or self._is_taking_silently:
            return Rates()
        return self.reports.rates(self.now)

    @property
    def _is_taking_silently(self) -> bool:
        return not self._is_reporting and self.idle <= SILENT

    @property
    def _is_reporting(self) -> bool:
        return self.reports is not None and self.now - self.reports.reported_at <= SILENT

    @property
    def lacks_keyframe(self) -> bool:
        """Whether the relay has taken everything, and waits for the next keyframe of the program."""
        return self.connection is not None and self.connection.lacks_keyframe

    def is_stuck(self, stall: float) -> bool:
        """Whether the relay has delivered nothing for `stall` seconds, though it could have.

        A restart costs the platform its connection, and reports that have ceased are no proof: then the
        program must have seen, too, that the relay takes nothing. `idle` includes that.
        """
        idle = self.idle if self.lacked_at is None else min(self.idle, self.now - self.lacked_at)
        return self.unit.active == "active" and self.running_for >= stall and idle >= stall
