"""What one platform received of scripted publishers, frame by frame. Pure.

Times are seconds of the monotonic clock; timestamps, offsets and moments are ms.
"""

import itertools
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab import flv, marks
from tests.lab.rtmp import AUDIO, VIDEO, RtmpMessage
from tests.lab.script import ScriptStep
from tests.publishers import scripts

LIVE, FALLBACK = "live", "fallback"
SETTLING = 1  # seconds of a connection's beginning that may lack a track
TRAILING = 3  # seconds of its end: sound may trail the picture by two
WARMING = 3000  # ms of a connection's beginning in which it may still be given a backlog
DELIMITER = 9


@dataclass(frozen=True, slots=True)
class SentFrame:
    """A coded frame that a publisher sent: its track, the ms when it was true, and when it was sent."""

    kind: int
    moment: float
    sent: float


@dataclass(frozen=True)
class SentFrames:
    """All of them by number; `bodies` finds the number of a body that cannot carry one."""

    frames: Mapping[int, SentFrame]
    bodies: Mapping[bytes, int] = field(default_factory=dict)

    def number_of(self, message: RtmpMessage) -> int | None:
        """Return the number of a received frame, None if no publisher sent it."""
        number = marks.number_in(message.payload)
        return self.bodies.get(message.payload) if number is None else number


def sent_frames(publishers: Iterable[tuple[Sequence[ScriptStep], Sequence[float]]]) -> SentFrames:
    """Number what publishers sent: for each its steps, and when each of the sent ones was."""
    frames: dict[int, SentFrame] = {}
    bodies: dict[bytes, int] = {}
    for publisher, (steps, times) in enumerate(publishers):
        for at, (step, sent) in enumerate(zip(steps, times, strict=False)):
            if not scripts.is_coded(step) or scripts.is_extra(step):
                continue
            number = publisher * scripts.NUMBERS + at
            frames[number] = SentFrame(step.kind, step.moment, sent)
            if marks.number_in(step.body) is None:
                bodies.setdefault(step.body, number)
    return SentFrames(frames, bodies)


@dataclass(frozen=True, slots=True)
class ReceivedFrame:
    """A coded frame that arrived; `number` is None if it is not of a publisher, `stretch` counts cuts."""

    kind: int
    timestamp: int
    arrived: float
    number: int | None
    stretch: int


def frames_of(messages: Iterable[RtmpMessage], sent: SentFrames) -> list[ReceivedFrame]:
    """Return the coded frames of a connection; a new stretch begins at each change of the source."""
    frames: list[ReceivedFrame] = []
    stretch, before = 0, ""
    for message in filter(flv.is_coded, messages):
        number = sent.number_of(message)
        if message.kind == VIDEO:
            source = FALLBACK if number is None else LIVE
            stretch += bool(before) and source != before
            before = source
        frames.append(ReceivedFrame(message.kind, message.timestamp, message.arrived, number, stretch))
    return frames


def cuts(frames: Iterable[ReceivedFrame]) -> list[tuple[str, float]]:
    """Return the source of each stretch of pictures and when its first one arrived."""
    pictures = (frame for frame in frames if frame.kind == VIDEO)
    groups = itertools.groupby(pictures, key=lambda frame: frame.number is not None)
    return [(LIVE if is_live else FALLBACK, next(group).arrived) for is_live, group in groups]


def first(frames: Iterable[ReceivedFrame], kind: int) -> ReceivedFrame | None:
    """Return the first live frame of a track."""
    return next((one for one in frames if one.kind == kind and one.number is not None), None)


def lip_sync(frames: Iterable[ReceivedFrame], sent: SentFrames) -> list[tuple[int, float]]:
    """Return for each second of the publishers: how many ms the sound is late against its picture.

    Both are compared by what they are at the platform minus when they were true, so neither the way there
    nor what the program made of the timestamps matters.
    """
    offsets: dict[tuple[int, int], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for frame in frames:
        if frame.number is None or frame.number not in sent.frames:
            continue
        moment = sent.frames[frame.number].moment
        second = frame.number // scripts.NUMBERS * 10_000 + int(moment // 1000)
        offsets[frame.stretch, second][frame.kind].append(frame.timestamp - moment)
    return [
        (second, statistics.median(tracks[AUDIO]) - statistics.median(tracks[VIDEO]))
        for (_, second), tracks in sorted(offsets.items())
        if tracks[AUDIO] and tracks[VIDEO]
    ]


def missing(frames: Iterable[ReceivedFrame], sent: SentFrames, kind: int) -> int:
    """Count a track's frames that did not arrive though earlier and later ones of the same stretch did."""
    arrived: dict[tuple[int, int], set[int]] = defaultdict(set)
    for frame in frames:
        if frame.kind == kind and frame.number is not None:
            arrived[frame.stretch, frame.number // scripts.NUMBERS].add(frame.number)
    every = [number for number, one in sorted(sent.frames.items()) if one.kind == kind]
    return sum(
        sum(min(numbers) <= number <= max(numbers) for number in every) - len(numbers & set(every))
        for numbers in arrived.values()
    )


def lacking(frames: Sequence[ReceivedFrame], kind: int) -> int:
    """Count the seconds of a connection's own clock in which a track has no frame, but for both ends."""
    if not frames:
        return 0
    begin = min(frame.timestamp for frame in frames) // 1000 + SETTLING
    end = max(frame.timestamp for frame in frames) // 1000 - TRAILING
    present = {frame.timestamp // 1000 for frame in frames if frame.kind == kind}
    return sum(second not in present for second in range(begin, end + 1))


def pace(frames: Sequence[ReceivedFrame]) -> float:
    """Return by how many ms the pictures' clock has gone further than the time in which they arrived.

    The beginning does not count: a relay gets at once what was there when it came.
    """
    pictures = [frame for frame in frames if frame.kind == VIDEO]
    pictures = [one for one in pictures if one.timestamp >= pictures[0].timestamp + WARMING]
    if len(pictures) < 2:
        return 0.0
    begin, end = pictures[0], pictures[-1]
    return (end.timestamp - begin.timestamp) - 1000 * (end.arrived - begin.arrived)


def delays(frames: Iterable[ReceivedFrame], sent: SentFrames) -> list[float]:
    """Return how many ms each live picture took from the publisher to the platform."""
    return [
        1000 * (frame.arrived - sent.frames[frame.number].sent)
        for frame in frames
        if frame.kind == VIDEO and frame.number is not None and frame.number in sent.frames
    ]


def misplaced(messages: Iterable[RtmpMessage]) -> int:
    """Count H.264 pictures with an access unit delimiter that is not in front."""
    pictures = (one for one in messages if one.kind == VIDEO and flv.is_coded(one))
    kinds = (marks.unit_types(one.payload) for one in pictures if not one.payload[0] & flv.ENHANCED)
    return sum(DELIMITER in units[1:] for units in kinds)


def codecs(messages: Iterable[RtmpMessage]) -> tuple[str, ...]:
    """Return the codecs of a connection in the order of their coming."""
    return tuple(dict.fromkeys(flv.codec(one) for one in messages if flv.is_coded(one)))
