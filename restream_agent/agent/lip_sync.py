"""How far a relay's ffmpeg has moved sound against picture: the offset of its output. Pure.

The program reports the timestamps of its marks, and each relay those that its ffmpeg has given to the same
marks (stream/marks.py). ffmpeg begins its own clock, so each track has a shift; the offset is the difference
of the shifts of both tracks. Times of arrival are seconds of the monotonic clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from restream_agent.wire.passed_mark import PassedMark
from restream_agent.wire.program_report import MarkReport

OUT_OF_SYNC = 0.06
"""Seconds of offset that are too much. Sound is noticed if 45 ms early or 125 ms late (ITU-R BT.1359)."""

_KEPT = 200
"""Marks of each side that wait for the other's: two minutes, which no platform takes to accept a tag."""

_VALID_FOR = 60.0
"""Seconds for which the newest mark of a track counts. After that its shift is not known."""

_AUDIO, _VIDEO = 8, 9


@dataclass
class LipSync:
    """The marks of one relay's connection, and the newest shift of each track with its time."""

    _sent: dict[int, MarkReport] = field(default_factory=dict)
    _passed: dict[int, tuple[int, float]] = field(default_factory=dict)
    _shifts: dict[int, tuple[int, float]] = field(default_factory=dict)

    def restart(self) -> None:
        """Forget everything: another connection has begun, with positions of its own."""
        self._sent.clear()
        self._passed.clear()
        self._shifts.clear()

    def expect(self, marks: Iterable[MarkReport]) -> None:
        """Take the marks of a report of the program, which repeats marks of the reports before."""
        for mark in marks:
            self._sent[mark.position] = mark
            self._match(mark.position)
        _forget_oldest(self._sent)

    def pass_on(self, mark: PassedMark, now: float) -> None:
        """Take a mark that the relay's ffmpeg has passed on."""
        self._passed[mark.position] = mark.timestamp, now
        self._match(mark.position)
        _forget_oldest(self._passed)

    def offset(self, *, now: float, since: float) -> float | None:
        """Return by how many seconds sound has become later than its picture; negative if it is earlier.

        None if the marks of either track have been missing for too long, or since the relay began at `since`.
        """
        shifts = [shift for shift, at in self._shifts.values() if at >= max(since, now - _VALID_FOR)]
        if len(shifts) < len((_AUDIO, _VIDEO)):
            return None
        return (self._shifts[_AUDIO][0] - self._shifts[_VIDEO][0]) / 1000

    def _match(self, position: int) -> None:
        sent, passed = self._sent.get(position), self._passed.get(position)
        if sent is None or passed is None:
            return
        timestamp, at = self._passed.pop(position)
        self._shifts[sent.kind] = timestamp - sent.timestamp, at


def _forget_oldest(marks: "dict[int, MarkReport] | dict[int, tuple[int, float]]") -> None:
    while len(marks) > _KEPT:
        del marks[next(iter(marks))]
