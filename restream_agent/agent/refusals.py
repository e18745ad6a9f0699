"""Refused publishers: each is a line in the log, and the last one is in the status. Never with a key."""

import logging
import time
from collections.abc import Callable

from restream_agent.wire.status_report import RefusalStatus

log = logging.getLogger(__name__)

WRONG_KEY = "wrong key"


class Refusals:
    """Logs each refusal and remembers the last one; a flood of refusals costs no memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = ("", "", 0.0)
        self._count = 0

    def note(self, reason: str, address: str) -> None:
        """Note a refusal. examples/fail2ban/ reads the line of a wrong key: its words stay."""
        if reason == WRONG_KEY:
            log.warning("publish refused: wrong key from %s", address)
        else:
            log.warning("publish refused: from %s, %s", address, reason)
        self._last, self._count = (reason, address, self._clock()), self._count + 1

    def report(self) -> RefusalStatus | None:
        """Return the last refusal, None if there was none since the agent started."""
        reason, address, at = self._last
        return RefusalStatus(reason, address, self._clock() - at, self._count) if self._count else None
