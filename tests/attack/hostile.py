"""A publisher with a valid key that sends what it likes: tags by the seed of a random generator. Pure.

The same sequences go through the core (tests/unit/stream/test_hostile.py) and, over RTMP, through a server
(`python -m tests.attack.fuzz`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

AUDIO, VIDEO, SCRIPT = 8, 9, 18
CLOCK = 1 << 32
ODD_TIMES = (0, 1, 40, 299, 301, 700, 3000, 10_001, 100_000, 2**24 - 1, 2**31 - 1, 2**31, 2**32 - 1)
COMPOSITIONS = (0, 80, 499, 501, 1999, 2001, 19_000, 899_000, 2**23 - 1, -1, -2001, -(2**23))
NUMBERS = (0.0, -1.0, 1280.0, 1e308, float("nan"), float("inf"), -float("inf"))


@dataclass(frozen=True)
class HostileStep:
    """A tag, and the ms that pass before it is sent."""

    pause: float
    kind: int
    timestamp: int
    body: bytes


@dataclass(frozen=True)
class Material:
    """Tags of a decodable stream: its sequence headers, then (timestamp, kind, body) of one group."""

    headers: tuple[tuple[int, bytes], ...]
    group: tuple[tuple[int, int, bytes], ...]
    length: int


class HostilePublisher:
    """Sends episodes of one mischief each, between stretches of an honest stream."""

    def __init__(self, random: Random, material: Material) -> None:
        self._random, self._material = random, material
        self._clock = 0

    def steps(self) -> Iterator[HostileStep]:
        """Yield the tags without end: headers, an honest second, then one episode after another."""
        yield from self._headers()
        yield from self._play(1000, 1.0)
        episodes = (
            self._honest, self._late_pictures, self._jump, self._flood, self._two_clocks, self._burst,
            self._fast, self._silence, self._one_track, self._headers, self._bad_headers, self._bad_metadata,
            self._noise, self._large,
        )  # fmt: skip
        while True:
            yield from self._random.choice(episodes)()

    def _tag(self, pause: float, kind: int, timestamp: int, body: bytes) -> HostileStep:
        return HostileStep(pause, kind, timestamp % CLOCK, body)

    def _headers(self) -> Iterator[HostileStep]:
        for kind, body in self._material.headers:
            yield self._tag(0, kind, self._clock, body)

    def _play(self, milliseconds: int, speed: float) -> Iterator[HostileStep]:
        """Yield so many ms of the honest stream, at a speed; 0: at once."""
        end, last = self._clock + milliseconds, self._clock
        while self._clock < end:
            for at, kind, body in self._material.group:
                timestamp = self._clock + at
                yield self._tag((timestamp - last) / speed if speed else 0, kind, timestamp, body)
                last = max(last, timestamp)
            self._clock += self._material.length

    def _honest(self) -> Iterator[HostileStep]:
        return self._play(self._random.randrange(200, 4000), 1.0)

    def _burst(self) -> Iterator[HostileStep]:
        return self._play(self._random.randrange(200, 8000), 0)

    def _fast(self) -> Iterator[HostileStep]:
        return self._play(self._random.randrange(1000, 20_000), self._random.choice((1.3, 2, 5, 20)))

    def _late_pictures(self) -> Iterator[HostileStep]:
        """Give some pictures a composition time."""
        chosen, share = self._random.choice(COMPOSITIONS), self._random.random()
        for step in self._play(self._random.randrange(200, 3000), self._random.choice((0, 1, 20))):
            body = step.body
            if step.kind == VIDEO and self._random.random() < share:
                body = body[:2] + (chosen % 2**24).to_bytes(3, "big") + body[5:]
            yield self._tag(step.pause, step.kind, step.timestamp, body)

    def _jump(self) -> Iterator[HostileStep]:
        self._clock += self._random.choice(ODD_TIMES) * self._random.choice((1, -1))
        return self._play(self._random.randrange(40, 2000), self._random.choice((1, 1, 5)))

    def _flood(self) -> Iterator[HostileStep]:
        """Send many small tags with one timestamp, or with a timestamp that creeps."""
        step, body = (
            self._random.choice((0, 0, 1, -1)),
            self._random.choice((b"\xaf\x01\x00", b"\x27\x01\0\0\0\0")),
        )
        for number in range(self._random.choice((50, 1000, 12_000))):
            yield self._tag(0, AUDIO if body[0] == 0xAF else VIDEO, self._clock + step * number, body)

    def _two_clocks(self) -> Iterator[HostileStep]:
        """Send sound and picture, or every second tag, on a clock far away."""
        away, by_kind = self._random.choice(ODD_TIMES), self._random.random() < 0.5
        played = self._play(self._random.randrange(200, 4000), self._random.choice((0, 1, 20)))
        for number, step in enumerate(played):
            is_away = step.kind == AUDIO if by_kind else number % 2
            yield self._tag(step.pause, step.kind, step.timestamp + away * is_away, step.body)

    def _silence(self) -> Iterator[HostileStep]:
        kind, body = self._material.headers[0]
        yield self._tag(self._random.uniform(0, 3000), kind, self._clock, body)

    def _one_track(self) -> Iterator[HostileStep]:
        kind = self._random.choice((AUDIO, VIDEO))
        waited = 0.0
        for step in self._play(self._random.randrange(200, 3000), 1.0):
            waited += step.pause
            if step.kind == kind:
                yield self._tag(waited, step.kind, step.timestamp, step.body)
                waited = 0.0

    def _bad_headers(self) -> Iterator[HostileStep]:
        """Send sequence headers that are damaged, large or change all the time."""
        for _ in range(self._random.choice((1, 5, 60))):
            kind, body = self._random.choice(self._material.headers)
            damaged = bytearray(body)
            for _ in range(self._random.randrange(4)):
                damaged[self._random.randrange(2, len(damaged))] = self._random.randrange(256)
            more = self._random.choice((0, 0, 300, 70_000, 1_000_000))
            yield self._tag(0, kind, self._clock, bytes(damaged) + bytes(more))

    def _bad_metadata(self) -> Iterator[HostileStep]:
        body = b"\x02\x00\x0aonMetaData\x08" + struct.pack(">I", self._random.randrange(2**32))
        for name in (b"width", b"height", b"duration", b"framerate", b""):
            body += (
                struct.pack(">H", len(name)) + name + b"\0" + struct.pack(">d", self._random.choice(NUMBERS))
            )
        body += self._random.choice((b"\0\0\x09", b"", b"\0\0\x01\0" * 10_000, self._random.randbytes(50)))
        for _ in range(self._random.choice((1, 1, 60))):
            yield self._tag(0, SCRIPT, self._clock, body)

    def _noise(self) -> Iterator[HostileStep]:
        for _ in range(self._random.randrange(1, 30)):
            size = self._random.choice((0, 1, 2, 5, 8, 100, 5000))
            head = self._random.choice((b"", b"\x17\x01", b"\x17\x00", b"\xaf\x01", b"\x91hvc1", b"\x52\x00"))
            body = (head + self._random.randbytes(size))[: max(size, 1)]
            kind = self._random.choice((AUDIO, VIDEO, SCRIPT))
            yield self._tag(self._random.choice((0, 20)), kind, self._clock, body)

    def _large(self) -> Iterator[HostileStep]:
        """Send pictures of up to a megabyte, which is what nginx-rtmp lets through at most."""
        size = self._random.choice((100_000, 900_000))
        for step in self._play(self._random.randrange(40, 2000), self._random.choice((0, 1))):
            more = bytes(size if step.kind == VIDEO else 0)
            yield self._tag(step.pause, step.kind, step.timestamp, step.body + more)
