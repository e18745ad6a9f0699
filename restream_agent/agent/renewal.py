"""When a relay is connected anew because the timestamps of its connection come to their end. Pure.

ffmpeg counts the milliseconds of a connection from 0 and writes 31 bits of them (libavformat/flvenc.c), so
that after 24.8 days of one broadcast a platform would receive 0 after 2147483647 (measured with 5.1.9 and
7.1.5, tests/media/test_last_timestamp.py). Ages are seconds of stream.
"""

from restream_agent.agent.situation import Situation

DAY = 86_400.0

LAST_TIMESTAMP = 2**31 / 1000
"""Age of a connection at which its timestamps begin again at 0."""

ANNOUNCED_FROM = 19 * DAY
"""Age from which on it is said that a relay will be renewed."""

RENEWED_FROM = 20 * DAY
"""Age from which on a relay is renewed at night or during the fallback."""

RENEWED_BY = 24 * DAY
"""Age from which on a relay is renewed at any time."""

RENEWED_AT_ONCE = 24.5 * DAY
"""Age from which on a relay is renewed even while another relay is starting."""

NIGHT = range(3, 5)
"""The hours of the night, in local time."""

QUIET = 60.0
"""Seconds for which the fallback has played before a relay is renewed during it. OBS is most often back
sooner."""

SETTLED = 60.0
"""Seconds for which a relay that was started has to run before another is renewed."""


def due(situation: Situation) -> str | None:
    """Return the relay that is to be renewed now, the one with the oldest connection; None if none is."""
    name = max(situation.relay_ages, key=lambda name: situation.relay_ages[name], default="")
    age = situation.relay_ages.get(name, 0.0)
    is_quiet = situation.is_night or situation.fallback_for >= QUIET
    if not situation.is_on_air or age < (RENEWED_FROM if is_quiet else RENEWED_BY):
        return None
    return None if situation.is_relay_settling and age < RENEWED_AT_ONCE else name


def ends_in(age: float | None) -> float | None:
    """Return in how many seconds the timestamps of a connection end; None before that is announced."""
    return None if age is None or age < ANNOUNCED_FROM else LAST_TIMESTAMP - age


def reason(age: float) -> str:
    """Return the reason for a renewal, in words."""
    return f"the timestamps of its connection end in {(LAST_TIMESTAMP - age) / DAY:.1f} days"
