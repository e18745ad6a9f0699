"""The program's rendered settings: how they are read, and the parts that its pure core takes."""

from pathlib import Path

from restream_agent.stream.fanout import Limits
from restream_agent.stream.hand_off import Settings
from restream_agent.wire import records
from restream_agent.wire.program_settings import ProgramSettings


def read(path: Path) -> ProgramSettings:
    """Read program.json; raises OSError, TypeError or ValueError, with the key in the message."""
    return records.parse(ProgramSettings, path.read_text())


def splice_settings(settings: ProgramSettings) -> Settings:
    """Return the part that decides between live and fallback, in ms."""
    return Settings(
        stall=settings.stall, opening=settings.opening, settle=settings.settle, standby=settings.standby
    )


def queue_limits(settings: ProgramSettings) -> Limits:
    """Return how much a relay that does not read may leave standing, in ms and bytes."""
    return Limits(milliseconds=settings.queue_milliseconds, size=settings.queue_size)


def is_requested(settings: ProgramSettings, request: str) -> bool:
    """Whether the operator has requested "break" or "open" on the command line."""
    return (Path(settings.operator) / request).exists()
