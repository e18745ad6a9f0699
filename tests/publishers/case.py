"""A case as plain data: what a publisher does, and what must come of it. Its function judges nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.lab.script import Manners
from tests.publishers.scripts import Steps
from tests.publishers.stage import PublisherStage

Play = Callable[[PublisherStage], None]

SYNC_MS = 60.0  # issue 11: sound and picture of the same moment arrive within this of each other
PACE_MS = 600.0  # the lead limit, and what the machine adds; a clock at 1.15 would be off by 2 s in 15 s
FIRST_MS = 1500.0  # from the publish to the first live picture, with a keyframe in the first packet
RADIO_MS = 7000.0  # 3 s without a picture, 5 s of opening, and what the machine adds
STALL_GAP_MS = 1500.0  # `ingest.stall`, a cut, and the pace of a busy machine


@dataclass(frozen=True)
class Expectation:
    """What must be true of a platform that was connected from the beginning. None: it is not judged.

    sources: the source of each stretch of pictures, from the first to the end of the publisher.
    first_ms: from the publish to the first live picture; sound_ms: the same for sound.
    tracks: those that must be there in every second; live_tracks: those of which live frames must arrive.
    says and logs: patterns for what `status` said and for the journal; never: what the journal may not have.
    joined_ms: from a joining relay's connect to its first data; None if none joins.
    back_ms: from the moment that the case notes as `back` to the next cut to live.
    delay_s: what `status` may say at the last look is the delay of a relay, from and to.
    most: bounds of what the case counts.
    is_cut_off: the server ends the publisher, for a reason that `logs` has.
    """

    sources: tuple[str, ...] | None = ("live",)
    connections: int | None = 1
    sync_ms: float | None = SYNC_MS
    pace_ms: float | None = PACE_MS
    first_ms: float | None = FIRST_MS
    sound_ms: float | None = None
    gap_ms: float | None = None
    missing: int | None = 0
    tracks: tuple[str, ...] = ("picture", "sound")
    live_tracks: tuple[str, ...] = ("picture", "sound")
    codecs: tuple[str, ...] | None = ("aac", "h264")
    decode_messages: int | None = 0
    says: tuple[str, ...] = ()
    logs: tuple[str, ...] = ()
    never: tuple[str, ...] = ("Traceback",)
    log_lines: int = 150
    joined_ms: float | None = None
    back_ms: float | None = None
    delay_s: tuple[float, float] | None = None
    most: Mapping[str, float] = field(default_factory=dict)
    is_cut_off: bool = False


@dataclass(frozen=True)
class PublisherCase:
    """One case: `name` in kebab-case, for `CASE=`, `text` for people, `item` of issue 11.

    encoders: of ffmpeg, without which the case cannot be played. Where this machine's ffmpeg (below version
    `carried_from`) or the server (one of `not_on`) cannot carry what is sent, `named` counts instead.
    """

    name: str
    text: str
    item: int
    play: Play
    expects: Expectation = Expectation()
    encoders: tuple[str, ...] = ()
    carried_from: int = 0
    not_on: tuple[str, ...] = ()
    named: Expectation | None = None

    def expectation(self, server: str, ffmpeg: int) -> Expectation:
        """Return what counts on a server, with the major version of ffmpeg."""
        is_carried = ffmpeg >= self.carried_from and server not in self.not_on
        return self.expects if is_carried or self.named is None else self.named


def plays(build: Callable[[], Steps], *events: tuple[float, Play], manners: Manners | None = None) -> Play:
    """Return what publishes a script, which is made only then, with events so many seconds into it."""
    return lambda stage: stage.run(build(), *events, manners=manners)
