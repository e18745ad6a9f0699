"""What happened in a broadcast and what should have been seen: plain data, for the script and its judge."""

from dataclasses import dataclass, field

from tests.lab.load import Load

# Hand-off kinds whose gap is the silence after the event…
SILENT_AFTER = ("drop", "stall", "program_killed", "ingest_killed")
# …and those whose gap is the silence around the first packet of the picture they bring.
SILENT_AROUND = ("return", "thaw", "takeover")
OFF_AIR = "off air"


@dataclass(frozen=True)
class Event:
    """Something done to the broadcast, at a time in seconds of the monotonic clock.

    `brings` names the source that should be seen next; `published` is when the OBS
    that was accepted was started: its connecting is part of a viewer's wait.
    """

    kind: str
    text: str
    time: float
    brings: str = ""
    published: float | None = None


@dataclass(frozen=True)
class Phase:
    """A stretch of time in which every platform should see one source and nothing else."""

    source: str
    start: float
    end: float


@dataclass
class Story:
    """Everything the script noted down while it ran."""

    started: float
    events: list[Event] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    load: Load | None = None
