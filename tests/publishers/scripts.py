"""Scripts of what publishers send: tracks made of takes, and what the network and the clock do to them. Pure.

A function that changes a script returns another one. Times are in ms unless a name says seconds; `at` and
`moment` of a step are explained in tests/lab/script.py.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from tests.lab import flv
from tests.lab.marks import mark
from tests.lab.material import Take
from tests.lab.rtmp import AUDIO, VIDEO, RtmpMessage
from tests.lab.script import ScriptStep

Steps = list[ScriptStep]
NUMBERS = 1_000_000
"""Room for the frames of one publisher: the next one's numbers begin there."""
EXTRA = 0x95  # the first byte of a multitrack sound tag
FILLER = 12  # the NAL unit type of filler data


def track(take: Take, seconds: float, *, start: float = 0.0) -> Steps:
    """Return a track that begins `start` seconds after the publish and ends after `seconds` of it."""
    steps: Steps = []
    if take.header is not None:
        steps.append(ScriptStep(start, take.kind, round(1000 * start), take.header, 1000 * start))
    for number in itertools.count():
        moment = 1000 * start + number * take.length
        if moment >= 1000 * seconds:
            return steps
        body = take.frames[number % len(take.frames)]
        steps.append(ScriptStep(moment / 1000, take.kind, round(moment), body, moment))
    raise AssertionError("a track has an end")


def both(picture: Take, sound: Take, seconds: float) -> Steps:
    """Return both tracks from the first moment, headers first, as OBS sends them."""
    return merged(track(picture, seconds), track(sound, seconds))


def merged(*tracks: Iterable[ScriptStep]) -> Steps:
    """Return the steps of several tracks by when they are sent, headers before frames."""
    return sorted(itertools.chain(*tracks), key=lambda step: (step.at, is_coded(step)))


def numbered(steps: Iterable[ScriptStep], publisher: int = 0) -> Steps:
    """Mark each coded frame with its place in the script."""
    first = publisher * NUMBERS
    return [
        replace(step, body=mark(step.kind, step.body, first + at)) if is_coded(step) else step
        for at, step in enumerate(steps)
    ]


def is_coded(step: ScriptStep) -> bool:
    """Tell whether a step is coded sound or picture: no header."""
    return flv.is_coded(RtmpMessage(step.kind, step.timestamp, step.body, 0.0))


def is_extra(step: ScriptStep) -> bool:
    """Tell whether a step belongs to another sound track than the first."""
    return step.kind == AUDIO and step.body[0] == EXTRA


def without(steps: Iterable[ScriptStep], kind: int, start: float, end: float) -> Steps:
    """Leave a track's coded frames out between two times, in seconds; its timestamps stay true."""
    return [
        step
        for step in steps
        if step.kind != kind or not is_coded(step) or not 1000 * start <= step.moment < 1000 * end
    ]


def until(steps: Iterable[ScriptStep], seconds: float) -> Steps:
    """End a script: what would be sent later is not sent, so that no track ends before the other."""
    return [step for step in steps if step.at < seconds]


def later(steps: Iterable[ScriptStep], kind: int, late: float) -> Steps:
    """Have a track's frames arrive so many seconds later than they are true; timestamps stay true."""
    return merged(
        replace(step, at=step.at + late) if step.kind == kind and is_coded(step) else step for step in steps
    )


def clumped(steps: Iterable[ScriptStep], kind: int, frames: int) -> Steps:
    """Have a track's frames arrive together, so many at once, when the last of them is true."""
    chosen = [step for step in steps if step.kind == kind and is_coded(step)]
    arrival = {
        id(step): chosen[min(len(chosen) - 1, at // frames * frames + frames - 1)].at
        for at, step in enumerate(chosen)
    }
    return merged(replace(step, at=arrival.get(id(step), step.at)) for step in steps)


def fast(steps: Iterable[ScriptStep], rate: float) -> Steps:
    """Have the publisher's clock run `rate` times as fast as the true one."""
    return [replace(step, at=step.at / rate) for step in steps]


def burst(steps: Iterable[ScriptStep], seconds: float) -> Steps:
    """Have everything arrive in bursts: what was true in so many seconds, at their end."""
    return merged(
        replace(step, at=(int(step.at / seconds) + 1) * seconds) if is_coded(step) else step for step in steps
    )


def held(steps: Iterable[ScriptStep], start: float, end: float) -> Steps:
    """Have the network hold everything between two times, in seconds; all of it arrives at the end."""
    return [replace(step, at=end if start <= step.at < end else step.at) for step in steps]


def slowed(steps: Iterable[ScriptStep], start: float, end: float, rate: float) -> Steps:
    """Have the uplink pass `rate` of what is sent, for what is true from `start` to `end`, in seconds."""

    def arrival(at: float) -> float:
        if at < start:
            return at
        return start + (min(at, end) - start) / rate + max(0.0, at - end)

    return [replace(step, at=arrival(step.at)) for step in steps]


def stamped(steps: Iterable[ScriptStep], stamp: Callable[[ScriptStep], int]) -> Steps:
    """Give each step another timestamp; its moment stays."""
    return [replace(step, timestamp=stamp(step)) for step in steps]


def second_track(steps: Iterable[ScriptStep]) -> Steps:
    """Add a second sound track as OBS orders it: header 1, header 2, the picture's header (enhanced RTMP v2).

    Multitrack, one track, the codec's name, the track's number; then what the codec has.
    """
    doubled: Steps = []
    for step in sorted(steps, key=lambda step: (step.at, is_coded(step), step.kind)):
        doubled.append(step)
        if step.kind == AUDIO:
            head = bytes((EXTRA, 0x01 if is_coded(step) else 0x00)) + b"mp4a\x01"
            doubled.append(replace(step, body=head + step.body[2:]))
    return doubled


def heavier(take: Take, keyframe: int, other: int) -> Take:
    """Fill each picture up to so many bytes with filler data, which every decoder skips."""
    frames = tuple(
        _filled(body, keyframe if at in take.keys else other) for at, body in enumerate(take.frames)
    )
    return replace(take, frames=frames)


def endless(take: Take) -> Take:
    """Call every keyframe but the first an ordinary picture, as encoders with intra refresh do."""
    frames = tuple(bytes((0x27,)) + body[1:] if at else body for at, body in enumerate(take.frames))
    return replace(take, frames=frames, keys=frozenset((0,)))


def slow(take: Take, fps: float) -> Take:
    """Show only keyframes, `fps` of them a second, as a slow camera."""
    frames = tuple(take.frames[at] for at in sorted(take.keys))
    return replace(take, frames=frames, length=1000 / fps, keys=frozenset(range(len(frames))))


def wander(steps: Sequence[ScriptStep], lengths: Sequence[float]) -> Steps:
    """Give the pictures of a script these lengths in ms, again and again, as a phone's wandering rate."""
    changed, moment = [], 0.0
    endlessly = itertools.cycle(lengths)
    for step in steps:
        if step.kind != VIDEO or not is_coded(step):
            changed.append(step)
            continue
        changed.append(replace(step, at=moment / 1000, timestamp=round(moment), moment=moment))
        moment += next(endlessly)
    return merged(changed)


def _filled(body: bytes, size: int) -> bytes:
    missing = size - len(body) - 4
    if missing < 2:
        return body
    return body + missing.to_bytes(4) + bytes((FILLER,)) + b"\xff" * (missing - 2) + b"\x80"
