"""What came of a case, and whether that is what it should be. Pure: messages and words in, verdict out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.lab.measure import longest_silence, non_monotonic
from tests.lab.rtmp import AUDIO, VIDEO
from tests.lab.taps import Connection
from tests.publishers import reception
from tests.publishers.case import Expectation

KINDS = {"picture": VIDEO, "sound": AUDIO}


@dataclass(frozen=True)
class Reception:
    """What one platform received of a case; times in ms since the publish, None for what never came."""

    connections: int
    non_monotonic: int
    sources: tuple[str, ...]
    cuts_ms: tuple[float, ...]
    first_picture_ms: float | None
    first_sound_ms: float | None
    sync_ms: float | None
    sync_end_ms: float | None
    pace_ms: float
    delay_ms: float | None
    gap_ms: float
    missing: Mapping[str, int]
    lacking: Mapping[str, int]
    misplaced: int
    codecs: tuple[str, ...]
    joined_ms: float | None = None
    decode_messages: tuple[str, ...] = ()


NOTHING = Reception(0, 0, (), (), None, None, None, None, 0.0, None, 0.0, {}, {}, 0, ())


def receive(
    connections: Sequence[Connection], sent: reception.SentFrames, published: float, end: float
) -> Reception:
    """Measure what arrived on a platform's connections until `end`; the last connection is looked into."""
    used = [one for one in connections if one.has_media()]
    if not used:
        return NOTHING
    messages = [one for one in used[-1].messages if one.arrived <= end]
    frames = reception.frames_of(messages, sent)
    cuts = reception.cuts(frames)
    offsets = [offset for _, offset in reception.lip_sync(frames, sent)]
    delays = sorted(reception.delays(frames, sent))
    arrivals = [one.arrived for one in frames]
    firsts = {name: reception.first(frames, kind) for name, kind in KINDS.items()}
    picture, sound = firsts["picture"], firsts["sound"]
    return Reception(
        connections=len(used),
        non_monotonic=sum(non_monotonic(one.messages) for one in used),
        sources=tuple(source for source, _ in cuts),
        cuts_ms=tuple(1000 * (arrived - published) for _, arrived in cuts),
        first_picture_ms=None if picture is None else 1000 * (picture.arrived - published),
        first_sound_ms=None if sound is None else 1000 * (sound.arrived - published),
        sync_ms=max(offsets, key=abs) if offsets else None,
        sync_end_ms=offsets[-1] if offsets else None,
        pace_ms=reception.pace(frames),
        delay_ms=delays[len(delays) // 2] if delays else None,
        gap_ms=longest_silence(arrivals, arrivals[0], end) if arrivals and arrivals[0] < end else 0.0,
        missing={name: reception.missing(frames, sent, kind) for name, kind in KINDS.items()},
        lacking={name: reception.lacking(frames, kind) for name, kind in KINDS.items()},
        misplaced=reception.misplaced(messages),
        codecs=reception.codecs(messages),
        joined_ms=1000 * (frames[0].arrived - used[-1].opened) if frames else None,
    )


@dataclass(frozen=True)
class CasePlayed:
    """The result of a case on a server: what the first platform received, and the second if it joined."""

    name: str
    text: str
    item: int
    server: str
    expects: Expectation
    first: Reception
    joined: Reception | None = None
    back_at_ms: float | None = None
    delays_s: tuple[float, ...] = ()
    says: str = ""
    journal: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()
    counts: Mapping[str, float] = field(default_factory=dict)
    cut_off: str = ""

    def problems(self) -> list[str]:
        """Return in words what is wrong."""
        expects, found = self.expects, list(self.complaints)
        if bool(self.cut_off) != expects.is_cut_off:
            found.append(f"the server ended the publisher: {self.cut_off or 'no'}")
        found += stream_problems(self.first, expects)
        if expects.joined_ms is not None:
            found += self._joined_problems(expects.joined_ms)
        found += self._back_problems() + self._count_problems()
        found += [f"`status` never says {one!r}" for one in _lacking_words(expects.says, [self.says])]
        found += [f"the journal never says {one!r}" for one in _lacking_words(expects.logs, self.journal)]
        found += [
            f"journal: {line}" for line in self.journal for bad in expects.never if re.search(bad, line)
        ]
        if len(self.journal) > expects.log_lines:
            found.append(f"{len(self.journal)} lines in the journal, more than {expects.log_lines}")
        return found

    def back_ms(self) -> float | None:
        """Return how long live took to come back after the moment that the case noted; None if it did not."""
        if self.back_at_ms is None:
            return None
        shown = zip(self.first.sources, self.first.cuts_ms, strict=True)
        cuts = [at for source, at in shown if source == "live" and at >= self.back_at_ms]
        return cuts[0] - self.back_at_ms if cuts else None

    def is_ok(self) -> bool:
        """Tell whether everything is as it should be."""
        return not self.problems()

    def _back_problems(self) -> list[str]:
        bound, took = self.expects.back_ms, self.back_ms()
        if bound is None:
            return []
        if took is None:
            return ["live does not come back"]
        return [f"live is back after {took:.0f} ms, not within {bound:.0f}"] if took > bound else []

    def _count_problems(self) -> list[str]:
        found = [
            f"{name} is {self.counts.get(name)}, not at most {most:g}"
            for name, most in self.expects.most.items()
            if not self.counts.get(name, most + 1) <= most
        ]
        if self.expects.delay_s is not None:
            low, high = self.expects.delay_s
            wrong = [delay for delay in self.delays_s if not low <= delay <= high]
            if wrong or not self.delays_s:
                words = ", ".join(f"{delay:.1f} s" for delay in wrong) or "nothing"
                found.append(f"`status` says a delay of {words}, not {low:g} to {high:g} s")
        return found

    def _joined_problems(self, bound: float) -> list[str]:
        joined = self.joined
        if joined is None or joined.joined_ms is None:
            return ["the relay that joined received nothing"]
        found = [f"joined: {one}" for one in _always_wrong(joined)]
        if joined.joined_ms > bound:
            found.append(f"joined: first data after {joined.joined_ms:.0f} ms, not within {bound:.0f}")
        if "live" not in joined.sources:
            found.append("joined: no live picture")
        for name in self.expects.tracks:
            if joined.lacking.get(name, 0):
                found.append(f"joined: {joined.lacking[name]} seconds without {name}")
        return found


def stream_problems(got: Reception, expects: Expectation) -> list[str]:
    """Return what is wrong with what a platform received."""
    found = _always_wrong(got)
    if expects.connections not in (None, got.connections):
        found.append(f"{got.connections} connections, not {expects.connections}")
    if expects.sources is not None and got.sources != expects.sources:
        found.append(f"shows {' → '.join(got.sources) or 'nothing'}, not {' → '.join(expects.sources)}")
    if expects.codecs is not None and tuple(sorted(got.codecs)) != expects.codecs:
        found.append(f"codecs {', '.join(got.codecs) or 'none'}, not {', '.join(expects.codecs)}")
    found += _late(got, expects)
    found += _out_of_step(got, expects)
    for name in expects.tracks:
        if got.lacking.get(name, 0):
            found.append(f"{got.lacking[name]} seconds without {name}")
    if expects.missing is not None:
        found += [f"{count} frames of {name} missing" for name, count in got.missing.items() if count]
    if expects.decode_messages is not None and len(got.decode_messages) > expects.decode_messages:
        lines = "; ".join(got.decode_messages[:2])
        found.append(f"{len(got.decode_messages)} messages of a decoder: {lines}")
    return found


def _always_wrong(got: Reception) -> list[str]:
    found = []
    if got.non_monotonic:
        found.append(f"{got.non_monotonic} timestamps do not increase")
    if got.misplaced:
        found.append(f"{got.misplaced} access unit delimiters are not in front")
    return found


def _late(got: Reception, expects: Expectation) -> list[str]:
    found = []
    firsts = {"picture": got.first_picture_ms, "sound": got.first_sound_ms}
    bounds = {"picture": expects.first_ms, "sound": expects.sound_ms}
    for name, first in firsts.items():
        bound = bounds[name]
        if first is None:
            if name in expects.live_tracks:
                found.append(f"no live {name}")
        elif bound is not None and first > bound:
            found.append(f"first live {name} after {first:.0f} ms, not within {bound:.0f}")
    return found


def _out_of_step(got: Reception, expects: Expectation) -> list[str]:
    found = []
    if expects.sync_ms is not None and {"picture", "sound"} <= set(expects.live_tracks):
        if got.sync_ms is None:
            found.append("lip sync unknown: no second has both live tracks")
        elif abs(got.sync_ms) > expects.sync_ms:
            found.append(f"sound {got.sync_ms:+.0f} ms from its picture, at the end {got.sync_end_ms:+.0f}")
    if expects.pace_ms is not None and abs(got.pace_ms) > expects.pace_ms:
        found.append(f"the clock is {got.pace_ms:+.0f} ms off real time")
    if expects.gap_ms is not None and got.gap_ms > expects.gap_ms:
        found.append(f"a silence of {got.gap_ms:.0f} ms, more than {expects.gap_ms:.0f}")
    return found


def _lacking_words(patterns: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Return the patterns that no text matches."""
    every = "\n".join(texts)
    return [pattern for pattern in patterns if not re.search(pattern, every, re.IGNORECASE)]
