"""A publisher whose two tracks do not keep step: one comes late, in clumps, after a pause, or never."""

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from tests.unit.stream.flv_making import is_silence, origin, picture, sound
from tests.unit.stream.splice_bench import FALLBACK, SpliceBench

FOREVER = 1 << 40


@dataclass(frozen=True)
class Track:
    """One track: a tag every `step` ms from `begin` to `end`, apart from what lies in `pauses`.

    Each tag arrives `late` ms after its time, in clumps of `clump` tags. Tags before `late_from` are on time.
    """

    step: float
    begin: int = 0
    end: int = FOREVER
    late: int = 0
    late_from: int = 0
    clump: int = 1
    pauses: tuple[tuple[int, int], ...] = ()

    def times(self, length: int) -> list[tuple[int, int]]:
        """Return when each tag arrives, and its timestamp."""
        count = int(min(length, self.end) / self.step)
        stamps = [round(number * self.step) for number in range(count)]
        stamps = [
            at
            for at in stamps
            if at >= self.begin and not any(first <= at < last for first, last in self.pauses)
        ]
        clumps = [stamps[first : first + self.clump] for first in range(0, len(stamps), self.clump)]
        arrivals = [clump[-1] + (self.late if clump[0] >= self.late_from else 0) for clump in clumps]
        return [(at, stamp) for at, clump in zip(arrivals, clumps, strict=True) for stamp in clump]


PICTURES = Track(40)
SOUNDS = Track(1024 / 48)


def send(
    bench: SpliceBench,
    length: int,
    pictures: Track | None = PICTURES,
    sounds: Track | None = SOUNDS,
    *,
    composition: int = 0,
    group: int = 2000,
) -> None:
    """Connect a publisher and have it send `length` ms; a keyframe comes at least every `group` ms."""
    bench.connect()
    begun, source = bench.now, bench.publishers
    script = list[tuple[int, Tag]]()
    key = -FOREVER
    for at, stamp in pictures.times(length) if pictures else ():
        is_keyframe = stamp - key >= group
        key = stamp if is_keyframe else key
        tag = picture(stamp, source, is_keyframe=is_keyframe)
        shown = tag.body[:2] + composition.to_bytes(3, "big") + tag.body[5:]
        script.append((at, Tag(VIDEO, stamp, shown)))
    script += [(at, sound(stamp, source)) for at, stamp in (sounds.times(length) if sounds else ())]
    for at, tag in sorted(script, key=lambda each: each[0]):
        if at > length:
            break
        if begun + at > bench.now:
            bench.pass_time(begun + at - bench.now)
        bench.take(bench.splice.live_tag(tag, bench.now))


def stamps(bench: SpliceBench, kind: int) -> list[int]:
    """Return the timestamps of a track that was sent."""
    return [tag.timestamp for _, tag in bench.sent if tag.kind == kind and tag.is_media]


def longest_gap(times: Iterable[int]) -> int:
    """Return the longest step between two of the times."""
    return max((second - first for first, second in itertools.pairwise(times)), default=0)


def offsets(bench: SpliceBench, kind: int) -> set[int]:
    """Return by how much the tags of a live track were moved."""
    tags = [tag for _, tag in bench.media() if tag.kind == kind and origin(tag)[0] != FALLBACK]
    return {tag.timestamp - origin(tag)[1] for tag in tags}


def silences(bench: SpliceBench) -> list[tuple[int, Tag]]:
    """Return the silent frames that were sent, and when."""
    return [(at, tag) for at, tag in bench.sent if is_silence(tag)]


def heard(bench: SpliceBench, source: int) -> list[int]:
    """Return when sound of a source was sent."""
    return [at for at, tag in bench.media() if tag.kind == AUDIO and origin(tag)[0] == source]


def out_of_step(bench: SpliceBench) -> int:
    """Return by how many ms at most live sound is moved otherwise than the pictures around it.

    Sound at the end, whose picture never came, is not judged.
    """
    media = [(tag, *origin(tag)) for _, tag in bench.media() if origin(tag)[0] != FALLBACK]
    pictures = [(stamp, tag.timestamp - stamp) for tag, _, stamp in media if tag.kind == VIDEO]
    apart = 0
    for tag, _, stamp in media:
        if tag.kind == AUDIO:
            around = [offset for at, offset in pictures if abs(at - stamp) <= PICTURES.step]
            apart = max(apart, min((abs(tag.timestamp - stamp - offset) for offset in around), default=0))
    return apart
