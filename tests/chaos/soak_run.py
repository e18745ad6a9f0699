"""A running soak: the disturbances of OBS, and the figures of every platform and process."""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.chaos.broadcast import NAMES, ChaosBroadcast
from tests.chaos.costs import Sample, sample
from tests.chaos.drive import settle
from tests.chaos.judge import Seen, see
from tests.lab.flv import is_coded, is_keyframe
from tests.lab.received import received
from tests.lab.rtmp import AUDIO, VIDEO, RtmpMessage
from tests.lab.scene import FALLBACK
from tests.lab.taps import Connection

WARM_SECONDS = 300.0  # SRS's AddressSanitizer first fills its quarantine of freed memory
SAMPLE_SECONDS = 60.0
FEWEST_SAMPLES = 8
TAIL_SECONDS = 75.0  # the last stretch that arrived; it is decoded at the end
CALM_SECONDS = 15.0  # without a disturbance, at the end
PAUSE = (4.0, 15.0)
AWAY = (1.0, 12.0)
FROZEN = (1.5, 6.0)
KINDS = {"leaves": 5, "is killed": 3, "freezes": 2}  # relative frequency


@dataclass
class SoakResult:
    """The figures of a soak; offsets: sound minus picture in ms, of each clap in the last stretch."""

    disturbances: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    hand_offs: int = 0
    offsets: dict[str, list[float]] = field(default_factory=dict)


class SoakRun:
    """Runs a soak on a live broadcast; `soak` is the result so far."""

    def __init__(self, broadcast: ChaosBroadcast, minutes: float, seed: int) -> None:
        self.soak = SoakResult()
        self._broadcast, self._seconds = broadcast, 60 * minutes
        self._random = random.Random(seed)
        self._headers: dict[str, dict[int, RtmpMessage]] = {name: {} for name in NAMES}
        self._looked = time.monotonic()
        self._sampled = 0.0
        self._changes = len(broadcast.view.changes)

    def run(self) -> None:
        """Disturb OBS until the time is up, then let the broadcast run calmly and measure it."""
        began = self._looked = time.monotonic()
        warm = min(WARM_SECONDS, self._seconds / 6)
        every = min(SAMPLE_SECONDS, (self._seconds - warm) / FEWEST_SAMPLES)
        while time.monotonic() < began + self._seconds - CALM_SECONDS:
            self._disturb()
            settle(self._broadcast)
            if time.monotonic() > max(began + warm, self._sampled + every):
                self._sample()
            self._broadcast.watch(self._random.uniform(*PAUSE))
            self._account()
        settle(self._broadcast)
        self._sample()
        self._broadcast.watch(CALM_SECONDS)
        self._account()
        self.soak.hand_offs = (len(self._broadcast.view.changes) - self._changes) // len(NAMES)
        for name in NAMES:
            self.soak.offsets[name] = self._offsets(name)

    def _disturb(self) -> None:
        broadcast, (kind,) = self._broadcast, self._random.choices(list(KINDS), list(KINDS.values()))
        broadcast.screen.line(f"OBS {kind}")
        self.soak.disturbances[kind] = self.soak.disturbances.get(kind, 0) + 1
        if kind == "leaves":
            broadcast.obs.leave()
            broadcast.watch(self._random.uniform(*AWAY))
            broadcast.obs.come()
        elif kind == "is killed":
            broadcast.obs.kill()
            broadcast.wait_for(FALLBACK)
        else:
            broadcast.obs.freeze()
            broadcast.watch(self._random.uniform(*FROZEN))
            broadcast.obs.thaw()

    def _sample(self) -> None:
        self._sampled = time.monotonic()
        self.soak.samples.append(sample(self._broadcast.container))

    def _account(self) -> None:
        """Add what arrived since the last call to the figures, and drop what is no longer needed."""
        now = time.monotonic()
        for name, platform in self._broadcast.platforms.items():
            connections = platform.reader.update()
            seen = see(connections, self._looked, now)
            self.soak.seen[name] = self.soak.seen.get(name, Seen()).then(seen)
            self._keep_headers(name, connections, now - TAIL_SECONDS)
        self._looked = now
        self._broadcast.forget(now - TAIL_SECONDS)

    def _keep_headers(self, name: str, connections: Sequence[Connection], before: float) -> None:
        """Keep the last sequence headers of the messages that will be dropped: decoding needs them."""
        for message in (m for one in connections for m in one.messages if m.arrived < before):
            if message.kind in (AUDIO, VIDEO) and not is_coded(message):
                self._headers[name][message.kind] = message

    def _offsets(self, name: str) -> list[float]:
        """Decode the last stretch that a platform received, from a keyframe on."""
        connection = self._broadcast.platforms[name].reader.published()[-1]
        messages = connection.messages
        start = next((at for at, message in enumerate(messages) if is_keyframe(message)), 0)
        tail = messages[start:]
        headers = [replace(one, timestamp=tail[0].timestamp) for one in self._headers[name].values()]
        headers += [one for one in messages[:start] if one.kind in (AUDIO, VIDEO) and not is_coded(one)]
        piece = Connection(connection.number, messages=[*headers, *tail])
        directory: Path = self._broadcast.container.shared / "decoded" / name
        return [offset for _, offset in received(piece, directory).av_offsets]
