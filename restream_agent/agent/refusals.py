"""Refused publishers: each is a line in the log, and the last one is in the status. Never with a key."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from restream_agent.base.obs_words import TO_TYPE
from restream_agent.systemd.channels import MAIN
from restream_agent.wire.status_report import RefusalStatus

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    """Why a publisher is refused, and what to do; neither quotes what the publisher has sent."""

    reason: str
    remedy: str = ""


WRONG_KEY = Refusal("wrong key")
NO_KEY = Refusal("no key came", f"{TO_TYPE}, or the server rtmp://HOST/live?key=KEY and the stream key main")
KEY_ALONE = Refusal("the stream key is the key alone", TO_TYPE)
BAD_NAME = Refusal("the stream's name has characters other than A-Z a-z 0-9 _ . -", TO_TYPE)


def advised(refusal: Refusal, stream: str, channels: tuple[str, ...]) -> Refusal:
    """Return a refusal whose remedy is about the channel that was meant; `channels` is () if there is one.

    For a name that is no channel's, the remedy names those that exist. It quotes no other name.
    """
    if stream in channels:
        meant = refusal.remedy.replace(f"stream key {MAIN}", f"stream key {stream}")
        return replace(refusal, remedy=meant)
    if not channels or not (refusal.remedy or refusal == WRONG_KEY):
        return refusal
    names = f"channels: {', '.join(channels)}"
    return replace(refusal, remedy=f"{refusal.remedy}; {names}" if refusal.remedy else names)


class Refusals:
    """Logs each refusal and remembers the last one; a flood of refusals costs no memory."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = (WRONG_KEY, "", 0.0)
        self._count = 0

    def note(self, refusal: Refusal, address: str) -> None:
        """Note a refusal. examples/fail2ban/ reads the lines of wrong and missing keys: their words stay."""
        if refusal.reason == WRONG_KEY.reason:
            log.warning("publish refused: wrong key from %s", address)
            if refusal.remedy:
                log.warning("publish refused: its name is no channel's; %s", refusal.remedy)
        else:
            words = f"{refusal.reason}; {refusal.remedy}" if refusal.remedy else refusal.reason
            log.warning("publish refused: from %s, %s", address, words)
        self._last, self._count = (refusal, address, self._clock()), self._count + 1

    def report(self) -> RefusalStatus | None:
        """Return the last refusal, None if there was none since the agent started."""
        if not self._count:
            return None
        last, address, at = self._last
        return RefusalStatus(last.reason, address, self._clock() - at, self._count, last.remedy)
