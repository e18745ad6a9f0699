"""When the fallback is matched to the publisher's stream: at each new shape of it. Pure."""

from dataclasses import dataclass

from restream_agent.agent.situation import Situation

MATCH_EVERY = 10.0
"""Seconds between two matches: a phone that is turned again and again starts no more of them."""


ASKED_WITHIN = 60.0
"""Seconds after its start in which the preparation has asked what the publisher sends, however busy it is."""


@dataclass(frozen=True)
class LastMatch:
    """The shape that the fallback was last matched to (codecs.py), and when, on the monotonic clock."""

    shape: str = ""
    at: float = float("-inf")

    def when_gone(self, now: float) -> "LastMatch":
        """Return what to remember of the match once its publisher has gone.

        The preparation may have found no stream to match. The shape is matched again when it comes back.
        """
        return LastMatch("", self.at) if now - self.at < ASKED_WITHIN else self


def due_match(last: LastMatch, situation: Situation, *, accepted_at: float) -> LastMatch | None:
    """Return the match to begin now, None if the fallback fits or must not be matched yet.

    A match that failed is repeated once for each publisher that was accepted after it, at `accepted_at`.
    """
    is_new = situation.shape != last.shape or (situation.is_unprepared and accepted_at > last.at)
    if not situation.shape or not is_new or situation.now - last.at < MATCH_EVERY:
        return None
    return LastMatch(situation.shape, situation.now)
