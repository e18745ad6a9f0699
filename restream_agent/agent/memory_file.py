"""The current publisher in a file of the unit's runtime directory, for the agent after a restart."""

import json
import logging
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from restream_agent.agent.decide import PublisherMemory
from restream_agent.agent.situation import Publisher

log = logging.getLogger(__name__)


class MemoryFile:
    """Carries the current publisher over a restart. An agent that cannot read it asks the ingest server."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> PublisherMemory:
        """Return the current publisher of before a restart; no publisher if it cannot be read."""
        with suppress(OSError, ValueError, TypeError):
            values: dict[str, Any] = json.loads(self._path.read_text())
            return PublisherMemory(current=Publisher(**values))
        return PublisherMemory()

    def save(self, memory: PublisherMemory) -> None:
        """Write down the current publisher; a failure is logged."""
        current = memory.current
        try:
            self._path.write_text(json.dumps(asdict(current) if current else None))
        except OSError as error:
            log.error("%s: %s", self._path, error.strerror)
