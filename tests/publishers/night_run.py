"""A running night: publishers of every kind come and go at random, and every platform is watched."""

import random
import time

from tests.chaos.judge import see
from tests.publishers import reception
from tests.publishers.kinds import KINDS, MANNERS
from tests.publishers.night_judge import NightResult, TrackSeconds
from tests.publishers.stage import NAMES, PublisherStage

LENGTH = (6.0, 25.0)
AWAY = (0.0, 6.0)
KILLED = 0.15  # how many of the publishers are killed in mid-stream
TAKEN_OVER = 0.15  # how many are still there when the next one comes
KEPT_SECONDS = 10.0
CALM_SECONDS = 15.0
PUBLISH_SECONDS = 15.0
UNITS = ("fallback.service", "restream-agent.service", *(f"ffmpeg-relay@{name}.service" for name in NAMES))


class NightRun:
    """Runs a night on a stage; `result` is the result so far."""

    def __init__(self, stage: PublisherStage, seed: int) -> None:
        self.result = NightResult(tracks={name: TrackSeconds() for name in NAMES})
        self._stage, self._random = stage, random.Random(seed)
        self._looked = time.monotonic()

    def run(self, minutes: float) -> None:
        """Let publishers come and go until the time is up, then an ordinary one, which is measured."""
        until = time.monotonic() + 60 * minutes
        self._play("ordinary", 8.0)
        self._looked = time.monotonic()
        while time.monotonic() < until - CALM_SECONDS:
            left = until - CALM_SECONDS - time.monotonic()
            self._play(self._random.choice(list(KINDS)), min(self._random.uniform(*LENGTH), max(6.0, left)))
            self._account()
        for publisher in self._stage.publishers:
            publisher.kill()
        self._play("ordinary", CALM_SECONDS, is_last=True)
        self._account()
        self._judge()

    def _play(self, kind: str, seconds: float, *, is_last: bool = False) -> None:
        stage, chance = self._stage, 1.0 if is_last else self._random.random()
        stage.screen.line(f"{kind}, for {seconds:.0f} s")
        self.result.published[kind] = self.result.published.get(kind, 0) + 1
        manners = MANNERS[0] if is_last else self._random.choice(MANNERS)
        number = len(stage.publishers)
        publisher = stage.publish(KINDS[kind](seconds), manners)
        stage.wait(lambda: publisher.published() or publisher.end(), PUBLISH_SECONDS, "a publish")
        begun = publisher.published() or time.monotonic()
        if chance < TAKEN_OVER:
            stage.sleep_until(begun + seconds / 2)
        elif chance < TAKEN_OVER + KILLED:
            stage.sleep_until(begun + seconds * 0.7)
            publisher.kill()
        else:
            stage.wait(publisher.end, seconds + PUBLISH_SECONDS, f"{kind} to end")
        if not is_last:
            stage.sleep_until(time.monotonic() + self._random.uniform(*AWAY))
        ended = publisher.end()
        words = "killed or taken over" if ended is None else ended.what
        self.result.ended[words] = self.result.ended.get(words, 0) + 1
        self._measure(kind, number, is_last=is_last)

    def _measure(self, kind: str, number: int, *, is_last: bool) -> None:
        """Note how far the sound of one publisher was from its picture."""
        stage = self._stage
        publisher = stage.publishers[number]
        quiet = [((), ())] * number  # earlier publishers keep their numbers
        sent = reception.sent_frames([*quiet, (publisher.steps, publisher.sent())])
        for name, platform in stage.platforms.items():
            messages = [one for connection in platform.reader.update() for one in connection.messages]
            frames = reception.frames_of(messages, sent)
            offsets = [offset for _, offset in reception.lip_sync(frames, sent)]
            if offsets:
                self.result.sync.setdefault(kind, []).append(max(offsets, key=abs))
            if is_last:
                self.result.sync_end[name] = max(offsets, key=abs) if offsets else None
        publisher.forget()

    def _account(self) -> None:
        """Add what arrived since the last call to the figures, and drop what is no longer needed."""
        now, nothing = time.monotonic(), reception.SentFrames({})
        for name, platform in self._stage.platforms.items():
            connections = platform.reader.update()
            self.result.add(name, see(connections, self._looked, now))
            for connection in connections:
                self.result.tracks[name].add(reception.frames_of(connection.messages, nothing))
            platform.reader.forget(now - KEPT_SECONDS)
        self._looked = now

    def _judge(self) -> None:
        stage = self._stage
        shown = {
            unit: stage.container.run(("systemctl", "show", "-P", "NRestarts", unit)).stdout for unit in UNITS
        }
        self.result.restarts = {unit: int(words) for unit, words in shown.items()}
        journal = stage.container.journal().splitlines()
        self.result.complaints = tuple(line for line in journal if "Traceback" in line)
