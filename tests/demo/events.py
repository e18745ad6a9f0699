"""The events of a broadcast and the expected pictures: plain data, for the script and its judge."""

from dataclasses import dataclass, field

from tests.lab.load import Load

# Kinds of hand-off whose gap is the silence after the event…
SILENT_AFTER = ("drop", "stall", "program_killed", "program_restarted", "ingest_killed")
# …and kinds whose gap is the silence around the first packet of the new source.
SILENT_AROUND = ("return", "thaw", "takeover")
OFF_AIR = "off air"


@dataclass(frozen=True)
class Event:
    """An event of the broadcast, at a time in seconds of the monotonic clock.

    `brings` names the source that should follow. `published` is when the accepted OBS was started: the time
    that it needs to connect is part of a viewer's wait.
    """

    kind: str
    text: str
    time: float
    brings: str = ""
    published: float | None = None


@dataclass(frozen=True)
class Phase:
    """A stretch of time in which every platform should receive only one source."""

    source: str
    start: float
    end: float


@dataclass
class Story:
    """The script's record of the broadcast."""

    started: float
    events: list[Event] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    load: Load | None = None
