"""`live@` passes on what was sent: every tag, each track with its own timestamps, from the first keyframe on.

The unit is the real one, started by the agent; only the socket that it writes to is a recorder's. The server
is the installed one with its rendered configuration.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.endpoints import LIVE_SOCKET
from restream_agent.stream import flv
from tests.demo.install import INGEST_KEY, install
from tests.demo.screen import Screen
from tests.lab import live_recorder, material
from tests.lab.container import SHARED, Container
from tests.lab.deadline import LabError
from tests.lab.platform import PlatformServer
from tests.lab.script import LANES, Manners, ScriptStep
from tests.lab.scripted import ScriptedPublisher
from tests.lab.servers import SERVERS
from tests.lab.units import pids
from tests.media.broadcast import HOLD_SECONDS

pytestmark = pytest.mark.media

SECONDS = 6
"""The length of a stream, but for what a case adds."""

AT_FIRST = 2.0
"""Seconds between the publish and the first tag, where each tag counts."""

LARGEST_RESIDENT = 20_000
"""Kilobytes that `live@` may have."""

MANNERS = Manners(name=f"main?key={INGEST_KEY}")
SECOND_TRACK = b"\x95\x00mp4a\x01"
CLOCKS = {"srs": 1 << 31, "nginx-rtmp": 1 << 32}
"""SRS keeps 31 bits of a timestamp, whatever its settings are."""


@dataclass(frozen=True)
class Recorded:
    """A tag, and when it was at the program's socket, in seconds of the monotonic clock."""

    at: float
    tag: flv.Tag


@dataclass
class PlayerStage:
    """A container with the product, in which a recorder stands in the program's place."""

    container: Container
    server: str

    def begin(self) -> None:
        """Start the recorder, and have `live@` write to it."""
        code = Path(str(live_recorder.__file__)).read_text()
        (self.container.shared / "recorder.py").write_text(code)
        (self.container.shared / "streams").mkdir()
        recorder = ("/usr/bin/python3", "-S", f"{SHARED}/recorder.py", f"{SHARED}/live.sock")
        self.container.popen((*recorder, f"{SHARED}/streams"))
        shown = self.container.run(("systemctl", "cat", "live@.service")).stdout
        command = next(line for line in shown.splitlines() if line.startswith("ExecStart="))
        here = command.replace(LIVE_SOCKET, f"{SHARED}/live.sock")
        drop_in = f"[Service]\nBindReadOnlyPaths={SHARED}\nExecStart=\n{here}\n"
        self.container.write("/etc/systemd/system/live@.service.d/50-recorder.conf", drop_in)
        # On SRS the agent disconnects a publisher of whom the program has heard nothing for 8 s.
        settings = json.loads(self.container.read(paths.AGENT_SETTINGS)) | {"silence": None}
        self.container.write(paths.AGENT_SETTINGS, json.dumps(settings))
        self.container.run(("systemctl", "daemon-reload"))
        self.container.run(("systemctl", "restart", "restream-agent.service"))

    def publish(self, steps: Sequence[ScriptStep], manners: Manners = MANNERS) -> ScriptedPublisher:
        """Publish a script to its end."""
        publisher = ScriptedPublisher(self.container, manners, steps).start()
        ended = publisher.wait_end(SECONDS + 30)
        assert ended.what == "done", ended
        return publisher

    def recorded(self, steps: Sequence[ScriptStep]) -> list[Recorded]:
        """Return what came of a publish: the sounds and pictures of its connection.

        SRS first sends a player the headers of the publisher before; they are left out.
        """
        count = len(steps)
        with suppress(LabError):
            self.container.wait_until(lambda: len(self._last()) >= count, 5, "the end of the stream")
        media, headers = self._last(), len(self._last()) - count
        return media[headers:] if all(one.tag.is_sequence_header for one in media[:headers]) else media

    def _last(self) -> list[Recorded]:
        """Return the sounds and pictures of the last connection."""
        paths = sorted(self.container.shared.glob("streams/*"), key=lambda path: path.stat().st_mtime_ns)
        return [one for one in read(paths[-1]) if one.tag.kind != flv.SCRIPT] if paths else []


def read(path: Path) -> list[Recorded]:
    """Read a recording."""
    data, reader, found, position = path.read_bytes(), flv.Reader(), list[Recorded](), 0
    while position < len(data):
        at = int.from_bytes(data[position : position + 8]) / 1e9
        end = position + 12 + int.from_bytes(data[position + 8 : position + 12])
        found += [Recorded(at, tag) for tag in reader.feed(data[position + 12 : end])]
        position = end
    return found


@pytest.fixture(scope="module", params=SERVERS)
def stage(request: pytest.FixtureRequest) -> Iterator[PlayerStage]:
    """Install and begin, on each ingest server."""
    with Container() as container:
        platform = PlatformServer(container, "alpha", key="alpha-key", port=21000)
        platform.start()
        install(container, request.param, (platform,), Screen(), HOLD_SECONDS)
        stage = PlayerStage(container, request.param)
        stage.begin()
        yield stage


def track(take: material.Take, begins: float = 0.0, late: float = 0.0) -> list[ScriptStep]:
    """Return a take in a loop from `begins` to SECONDS, each frame `late` seconds after its time."""
    header = [ScriptStep(begins + late, take.kind, round(1000 * begins), take.header)] if take.header else []
    count = int((SECONDS - begins) * 1000 / take.length)
    times = [1000 * begins + number * take.length for number in range(count)]
    frames = (take.frames[number % len(take.frames)] for number in range(count))
    return header + [
        ScriptStep(at / 1000 + late, take.kind, round(at), body)
        for at, body in zip(times, frames, strict=True)
    ]


def ordered(*tracks: Sequence[ScriptStep]) -> list[ScriptStep]:
    return sorted((step for track in tracks for step in track), key=lambda step: step.at)


def moved(steps: Sequence[ScriptStep], shift: int, since: float = 0.0) -> list[ScriptStep]:
    """Move the timestamps of what is sent from `since` on, in ms."""
    return [
        replace(step, timestamp=(step.timestamp + shift) % (1 << 32)) if step.at >= since else step
        for step in steps
    ]


def bursts(steps: Sequence[ScriptStep], length: float) -> list[ScriptStep]:
    """Send everything of a span of time at its end."""
    return [replace(step, at=(step.at // length + 1) * length) for step in steps]


def without(steps: Sequence[ScriptStep], kind: int, since: float, until: float) -> list[ScriptStep]:
    return [step for step in steps if step.kind != kind or not since <= step.at < until]


def second_track() -> list[ScriptStep]:
    """A second track of sound beside the first, as OBS orders it."""
    sound = track(material.sound())
    again = [replace(step, body=SECOND_TRACK + step.body[2:]) for step in sound if step.body[1] == 1]
    header = replace(sound[0], body=b"\x95\x00mp4a\x01" + sound[0].body[2:])
    return ordered([sound[0], header], track(material.picture()), sound[1:], again)


def large_keyframes() -> list[ScriptStep]:
    """Keyframes of 2.5 MB: the filler of a supplemental unit before the picture."""
    steps = track(material.picture())
    filler = b"\x00\x26\x25\xa0" + b"\x0c" + bytes([0xFF]) * 2_499_999
    return [
        replace(step, body=step.body[:5] + filler + step.body[5:]) if step.body[:2] == b"\x17\x01" else step
        for step in steps
    ]


def both() -> list[ScriptStep]:
    return ordered(track(material.picture()), track(material.sound()))


SIXTY = material.PictureRecipe(fps=60, group=120, pictures=480)
SLOW = material.PictureRecipe(fps=2, group=4, pictures=16)
HEVC = material.PictureRecipe(codec="hevc")
CASES = {
    "usual": both,
    "second-track": second_track,
    "hevc": lambda: ordered(track(material.picture(HEVC)), track(material.sound())),
    "sound-comes-late": lambda: ordered(track(material.picture()), track(material.sound(), begins=4)),
    "picture-comes-late": lambda: ordered(track(material.picture(), begins=4), track(material.sound())),
    "sound-300-ms-late-60-fps": lambda: ordered(
        track(material.picture(SIXTY)), track(material.sound(), late=0.3)
    ),
    "sound-1500-ms-late": lambda: ordered(track(material.picture()), track(material.sound(), late=1.5)),
    "bursts-of-500-ms": lambda: bursts(both(), 0.5),
    "bursts-of-1500-ms": lambda: bursts(both(), 1.5),
    "two-pictures-a-second": lambda: track(material.picture(SLOW)),
    "sound-alone": lambda: track(material.sound()),
    "across-2-to-the-32": lambda: moved(both(), (1 << 32) - 3000),
    "across-2-to-the-31": lambda: moved(both(), (1 << 31) - 3000),
    "back-to-0": lambda: moved(moved(both(), 100_000), -103_000, since=3),
    "15-s-ahead": lambda: moved(both(), 15_000, since=3),
    "sound-pauses": lambda: without(both(), flv.AUDIO, 2, 5),
    "picture-pauses": lambda: without(both(), flv.VIDEO, 2, 5),
    "large-keyframes": large_keyframes,
}


def tags_of(steps: Sequence[ScriptStep], kind: int, clock: int) -> list[tuple[int, bytes]]:
    return [(step.timestamp % clock, step.body) for step in steps if step.kind == kind]


@pytest.mark.parametrize("case", CASES)
def test_every_tag_arrives_as_it_was_sent(stage: PlayerStage, case: str) -> None:
    """All of them, each track in its order and with its timestamps, whatever the other track does."""
    if case == "hevc" and not material.can_encode("libx265"):
        pytest.skip("libx265 not found")
    steps, clock = CASES[case](), CLOCKS[stage.server]
    # On a busy machine the publish is answered before `live@` plays: the first tag waits.
    stage.publish([replace(step, at=step.at + AT_FIRST) for step in steps])
    tags = [one.tag for one in stage.recorded(steps)]
    for kind in (flv.AUDIO, flv.VIDEO):
        received = [(tag.timestamp % clock, tag.body) for tag in tags if tag.kind == kind]
        assert received == tags_of(steps, kind, clock), f"kind {kind}"


@pytest.mark.parametrize("lane", [33, 64, 65, 128, 255])
def test_every_chunk_stream_passes(stage: PlayerStage, lane: int) -> None:
    """Encoders use all kinds of them; SRS writes those above 63 in a way of its own."""
    steps = both()[:120]
    stage.publish(steps, replace(MANNERS, lanes=dict.fromkeys(LANES, lane)))
    assert len(stage.recorded(steps)) == len(steps)


def test_the_first_keyframe_is_there_before_the_second_is_sent(stage: PlayerStage) -> None:
    """Ten times: `live@` plays before the publish is answered, so nothing is waited for."""
    steps = both()
    second = next(
        number
        for number, step in enumerate(steps)
        if step.at > 0.5 and flv.Tag(step.kind, step.timestamp, step.body).is_keyframe
    )
    for _ in range(10):
        publisher = stage.publish(steps[: second + 1])
        recorded = stage.recorded(steps[: second + 1])
        first = next(one for one in recorded if one.tag.is_keyframe)
        assert first.at < publisher.sent()[second]


def test_live_is_small(stage: PlayerStage) -> None:
    """It holds no more than the tag that it passes on."""
    publisher = ScriptedPublisher(stage.container, MANNERS, large_keyframes()).start()
    stage.container.wait_until(publisher.published, 10, "the publish")
    time.sleep(SECONDS - 1)
    (player,) = pids(stage.container, "live@main.service")
    status = Path(f"/proc/{player}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    publisher.wait_end(30)
    assert int(resident.split()[1]) < LARGEST_RESIDENT
