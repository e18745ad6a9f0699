"""What one platform received, decoded: every picture with its source and the arrival of its packet."""

import itertools
from dataclasses import dataclass
from pathlib import Path

from tests.lab import clapper
from tests.lab.flv import file_of, is_coded, presentation_time
from tests.lab.picture import Picture, decode
from tests.lab.rtmp import VIDEO, RtmpMessage
from tests.lab.scene import FALLBACK
from tests.lab.taps import Connection

STEADY_MS = 1000  # a clap this near to a change of source may be cut in half


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture: arrival in seconds of the monotonic clock, pts in ms, and its source."""

    arrived: float
    pts: int
    source: str


@dataclass(frozen=True)
class Received:
    """The decoded content of one connection; av_offsets: (ms of the clap, sound minus picture in ms)."""

    shown: tuple[Shown, ...]
    av_offsets: tuple[tuple[float, float], ...]
    errors: tuple[str, ...]
    thumbnails: dict[int, Path]

    def first_of(self, source: str, after: float) -> Shown | None:
        """Return the first picture of a source that arrived after a moment."""
        return next((shown for shown in self.shown if shown.source == source and shown.arrived > after), None)

    def cuts(self) -> list[Shown]:
        """Return the first picture of each run of one source, including the first run."""
        before = ("", *(shown.source for shown in self.shown))
        return [
            shown for previous, shown in zip(before, self.shown, strict=False) if shown.source != previous
        ]


def received(connection: Connection, directory: Path, *, thumbnails: bool = False) -> Received:
    """Decode the messages of a connection; the FLV file and thumbnails are written to a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    recording = directory / f"{connection.number:04}.flv"
    recording.write_bytes(file_of(connection.messages))
    small = directory / f"{connection.number:04}-thumbnails"
    small.mkdir(exist_ok=True)
    picture = decode(recording, thumbnails=small if thumbnails else None)
    shown = tuple(_arrivals(connection.messages, picture))
    return Received(shown, tuple(av_offsets(picture)), picture.errors, picture.thumbnails)


def av_offsets(picture: Picture) -> list[tuple[float, float]]:
    """Return sound minus picture for each clap of an undisturbed stretch of live pictures."""
    frames = picture.frames
    changes = [
        after.pts
        for before, after in itertools.pairwise(frames)
        if before.source != after.source or after.pts - before.pts > STEADY_MS
    ]
    edges = [frames[0].pts, *changes, frames[-1].pts] if frames else []
    live = {frame.pts for frame in frames if frame.source != FALLBACK}
    whole = [
        flash
        for flash in clapper.flashes([(frame.pts, frame.clap) for frame in frames])
        if flash in live and all(abs(flash - edge) > STEADY_MS for edge in edges)
    ]
    return clapper.offsets(whole, picture.tones)


def _arrivals(messages: list[RtmpMessage], picture: Picture) -> list[Shown]:
    """Find the arrival of each picture's packet by its presentation time."""
    arrived = {presentation_time(m): m.arrived for m in messages if m.kind == VIDEO and is_coded(m)}
    return [
        Shown(arrived[frame.pts], frame.pts, frame.source) for frame in picture.frames if frame.pts in arrived
    ]
