"""When the fallback is matched to the publisher's stream: at each new shape of it. Pure."""

from dataclasses import dataclass

from restream_agent.agent.situation import Situation

MATCH_EVERY = 10.0
"""Seconds between two matches: a phone that is turned again and again starts no more of them."""


@dataclass(frozen=True)
class LastMatch:
    """The shape that the fallback was last matched to (codecs.py), and when, on the monotonic clock."""

    shape: str = ""
    at: float = float("-inf")


def due_match(last: LastMatch, situation: Situation, *, accepted_at: float) -> LastMatch | None:
    """Return the match to begin now, None if the fallback fits or must not be matched yet.

    A match that failed is repeated once for each publisher that was accepted after it, at `accepted_at`.
    """
    is_new = situation.shape != last.shape or (situation.is_unprepared and accepted_at > last.at)
    if not situation.shape or not is_new or situation.now - last.at < MATCH_EVERY:
        return None
    return LastMatch(situation.shape, situation.now)
