"""What every section is given."""

from dataclasses import dataclass
from pathlib import Path

from tests.demo.screen import Screen


@dataclass(frozen=True)
class Bench:
    """One run: `servers` are the ingest servers found here, `work` is a directory that vanishes after it.

    With `quick` a section measures the same in fewer repetitions.
    """

    quick: bool
    work: Path
    servers: tuple[str, ...]
    screen: Screen
