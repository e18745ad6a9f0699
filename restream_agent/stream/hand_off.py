"""A hand-off from one source of the program to another, and the settings that decide about it. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from restream_agent.stream.tracks import Missing


class Source(StrEnum):
    """Where the program's pictures come from."""

    NONE = "none"
    LIVE = "live"
    FALLBACK = "fallback"


@dataclass(frozen=True)
class Settings:
    """Settings, in ms. With `standby` the broadcast opens with the fallback instead of waiting for live."""

    stall: int = 1000
    opening: int = 5000
    settle: int = 0
    standby: bool = False


KINDS = ("opening", "drop", "stall", "overrun", "break", "return", "restart")


@dataclass(frozen=True)
class HandOff:
    """A change of source: its kind of KINDS, the new source, when it was decided, what stopped at a stall."""

    kind: str
    source: Source
    at: int
    stalled: Missing = Missing.NOTHING
