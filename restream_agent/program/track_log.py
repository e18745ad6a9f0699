"""The journal's lines about a publisher's sound: it stops, comes back, or comes without a picture."""

from collections import deque

from restream_agent.program.journal import log
from restream_agent.stream.splice import Splice
from restream_agent.stream.tracks import Missing

_LOGGED = 10
_LOGGED_WITHIN = 60_000
"""So many lines within so many ms are logged. A publisher may stop and go on for ever."""


class TrackLog:
    """Logs what changes, twice a second."""

    _missing: Missing
    _is_radio: bool
    _logged: deque[int]

    def __init__(self) -> None:
        self._missing = Missing.NOTHING
        self._is_radio = False
        self._logged = deque(maxlen=_LOGGED)

    def look(self, splice: Splice, now: int) -> bool:
        """Log what has changed since the last look; return whether the sound alone has stalled since."""
        missing, before = splice.missing(now), self._missing
        self._missing = missing
        if splice.is_radio and not self._is_radio:
            self._log("no picture comes, the sound is heard over the fallback's pictures", now)
        self._is_radio = splice.is_radio
        has_stalled = missing is Missing.SOUND and before is not Missing.SOUND
        if has_stalled:
            self._log("no sound comes, silence is sent", now)
        elif before is Missing.SOUND and missing is Missing.NOTHING and splice.has_live:
            self._log("sound comes", now)
        return has_stalled

    def _log(self, words: str, now: int) -> None:
        if self._are_many(now):
            return
        self._logged.append(now)
        log(6, f"live: {words}" + ("; more of these are not logged for a minute" * self._are_many(now)))

    def _are_many(self, now: int) -> bool:
        return len(self._logged) == _LOGGED and now - self._logged[0] < _LOGGED_WITHIN
