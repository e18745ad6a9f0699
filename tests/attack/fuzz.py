"""`python -m tests.attack.fuzz --minutes N`: random hostile publishers with a valid key beside the platforms.

After every stretch of them an honest OBS publishes and must be live within LIVE_WITHIN at every platform.
Exit status 0 if nothing is out of its bounds.
"""

import json
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

from restream_agent.stream.flv import Reader
from tests.attack.fuzz_judge import LIVE_WITHIN, FuzzResult
from tests.chaos.broadcast import LIGHT, ChaosBroadcast
from tests.chaos.drive import settle
from tests.chaos.judge import see
from tests.chaos.long_run import read_arguments
from tests.demo.install import INGEST_KEY
from tests.demo.screen import Screen
from tests.lab import scene
from tests.lab.container import SHARED, Container, end_group
from tests.lab.deadline import LabError

STRETCH = 40.0  # seconds of hostile publishing between two honest publishers
GIVEN_UP = 30.0
KEPT_SECONDS = 20.0
UNITS = ("fallback.service", "restream-agent.service")
CLIP_MS = 1000


def material() -> str:
    """Return a second of picture and sound as JSON: sequence headers, and tags with hexadecimal bodies."""
    graph = scene.lavfi(width=640, height=360, fps="30", mark="second", sample_rate=48000, channels=2)
    argv = (
        "ffmpeg", "-v", "error", "-f", "lavfi", "-i", graph, "-t", "1", "-c:v", "libx264",
        "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "800k", "-g", "30", "-c:a", "aac",
        "-f", "flv", "pipe:1",
    )  # fmt: skip
    tags = Reader().feed(subprocess.run(argv, check=True, capture_output=True).stdout)
    headers = [(tag.kind, tag.body.hex()) for tag in tags if tag.is_sequence_header]
    group = [(t.timestamp, t.kind, t.body.hex()) for t in tags if t.is_media and t.timestamp < CLIP_MS]
    return json.dumps({"headers": headers, "group": group, "length": CLIP_MS})


class FuzzRun:
    """Runs the fuzz on a broadcast; `result` is the result so far."""

    def __init__(self, broadcast: ChaosBroadcast, seed: int) -> None:
        self.result = FuzzResult()
        self._broadcast, self._random = broadcast, random.Random(seed)
        self._looked = time.monotonic()
        container = broadcast.container
        shutil.copytree(Path(__file__).parent, container.shared / "attack", dirs_exist_ok=True)
        (container.shared / "material.json").write_text(material())

    def run(self, minutes: float) -> None:
        """Publish hostile and honest streams in turn until the time is up."""
        until = time.monotonic() + 60 * minutes
        self._broadcast.obs.leave()
        while time.monotonic() < until:
            self._publish_hostile(min(STRETCH, max(10.0, until - time.monotonic())))
            self._account()
            self.result.live_after.append(self._publish_honest())
            self._account()
        self._judge()

    def _publish_hostile(self, seconds: float) -> None:
        broadcast, seed = self._broadcast, self._random.randrange(2**32)
        broadcast.screen.line(f"hostile publishers for {seconds:.0f} s, seed {seed}", "event")
        report = broadcast.container.shared / "fuzz.json"
        argv = ("env", f"PYTHONPATH={SHARED}", "/usr/bin/python3", "-m", "attack.fuzz_publisher", str(seed))
        with report.open("wb") as out, (broadcast.container.shared / "fuzz.err").open("ab") as err:
            process = broadcast.container.popen(
                (*argv, str(seconds), f"{SHARED}/material.json"),
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
            )
        assert process.stdin is not None
        process.stdin.write(f"main?key={INGEST_KEY}\n".encode())
        process.stdin.close()
        deadline = time.monotonic() + seconds + GIVEN_UP
        while process.poll() is None and time.monotonic() < deadline:
            broadcast.watch(1.0)
        end_group(process)
        errors = (broadcast.container.shared / "fuzz.err").read_text()
        if errors:
            raise LabError(f"the hostile publisher failed:\n{errors}")
        self.result.count(json.loads(report.read_text() or "{}"))

    def _publish_honest(self) -> float | None:
        """Return how many seconds after its publish an honest OBS is live everywhere; None if it is not."""
        broadcast = self._broadcast
        broadcast.obs.come()
        broadcast.wait(broadcast.obs.is_published, GIVEN_UP, "an honest OBS to publish")
        published = time.monotonic()
        try:
            broadcast.wait_for(LIGHT.mark, GIVEN_UP)
        except LabError:
            return None
        took = time.monotonic() - published
        broadcast.screen.line(
            f"an honest OBS is live after {took:.1f} s", "good" if took < LIVE_WITHIN else "bad"
        )
        broadcast.obs.leave()
        return took

    def _account(self) -> None:
        """Add what arrived since the last call to the figures, and drop what is no longer needed."""
        now = time.monotonic()
        for name, platform in self._broadcast.platforms.items():
            self.result.add(name, see(platform.reader.update(), self._looked, now))
        self._looked = now
        self._broadcast.forget(now - KEPT_SECONDS)

    def _judge(self) -> None:
        broadcast = self._broadcast
        self.result.restarts = {unit: int(broadcast.show(unit, "NRestarts")) for unit in UNITS}
        self.result.complaints = tuple(
            line for line in broadcast.container.journal().splitlines() if "Traceback" in line
        )


def main() -> int:
    """Fuzz and print the figures; return 0 if all is well, 1 if not, 130 on Ctrl-C."""
    screen = Screen()
    arguments = read_arguments(
        "python -m tests.attack.fuzz", "Publish hostile streams.", out="fuzz-report", screen=screen
    )
    seed = arguments.seed
    try:
        result, stopped = play(arguments.server, arguments.minutes, seed, arguments.out, screen)
    except KeyboardInterrupt:
        return 130
    show(result, screen)
    problems = [*stopped, *result.problems()]
    for problem in problems:
        screen.plain(screen.paint(f"FAIL  {problem}", "bad"))
    return 1 if problems else 0


def play(server: str, minutes: float, seed: int, out: Path, screen: Screen) -> tuple[FuzzResult, list[str]]:
    """Fuzz in a fresh container; return the figures and, if the fuzz stopped early, the reason."""
    out.mkdir(parents=True, exist_ok=True)
    with Container() as container:
        broadcast = ChaosBroadcast(container, server, screen)
        result, stopped = FuzzResult(), list[str]()
        try:
            broadcast.build()
            settle(broadcast)
            fuzz_run = FuzzRun(broadcast, seed)
            result = fuzz_run.result
            fuzz_run.run(minutes)
        except LabError as error:
            stopped.append(f"the fuzz stopped: {error}")
        finally:
            (out / "journal.txt").write_text(container.journal())
            broadcast.close()
    return result, stopped


def show(result: FuzzResult, screen: Screen) -> None:
    """Write the figures to the terminal."""
    screen.plain(f"\n{'platform':12}{'lost':>6}{'longest gap':>13}{'disorder':>10}")
    for name, seen in result.seen.items():
        screen.plain(f"{name:12}{seen.connections_lost:6}{seen.gap_ms:10.0f} ms{seen.non_monotonic:10}")
    live = ", ".join("never" if after is None else f"{after:.1f}" for after in result.live_after)
    screen.plain(f"\nhostile: {result.published}\nhonest OBS live after (s): {live}")
    screen.plain(f"restarts: {dict(result.restarts)}\n")


if __name__ == "__main__":
    sys.exit(main())
