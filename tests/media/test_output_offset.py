"""The offset between sound and picture that is reported is the one in what a relay's ffmpeg puts out."""

import subprocess
from dataclasses import replace
from functools import cache

import pytest

from restream_agent.agent.lip_sync import LipSync
from restream_agent.launchers.mark_lines import MarkLines
from restream_agent.stream.fanout import Backlog, RelayQueue
from restream_agent.stream.flv import AUDIO, VIDEO, Reader, Tag, encode
from restream_agent.stream.marks import Mark
from restream_agent.wire.passed_mark import PassedMark
from restream_agent.wire.program_report import MarkReport
from tests.media.relay_argv import URL, clip_argv, relay_argv

pytestmark = pytest.mark.media

BEFORE, PAUSE, AFTER = 3, 12, 30  # seconds; ffmpeg's own limit for one clock of both tracks is 10 s
LENGTH = BEFORE + PAUSE + AFTER
CLIP = clip_argv("-g", "25", "-bf", "2", rate=25, seconds=LENGTH)


def piped_relay(*, threshold: str, video: str = "") -> tuple[str, ...]:
    """Return a relay's command that writes to a pipe, with a limit for steps of a track in seconds."""
    argv = relay_argv(video)
    limit, url = argv.index("-dts_delta_threshold") + 1, argv.index(URL)
    options = (*argv[:limit], threshold, *argv[limit + 1 : argv.index("-flvflags")])
    return (*options, "-f", "flv", "pipe:1", *argv[url + 1 :])


@cache
def clip() -> list[Tag]:
    """Return LENGTH of sound and picture with B-frames."""
    return Reader().feed(subprocess.run(CLIP, check=True, capture_output=True).stdout)


def program(paused: int, start: int) -> tuple[bytes, list[Mark]]:
    """Return what the program sends to a relay while a track pauses, and its marks."""
    queue, data, marks = RelayQueue(), b"", list[Mark]()
    Backlog().start(queue)
    for tag in clip():
        is_pause = BEFORE * 1000 <= tag.timestamp < (BEFORE + PAUSE) * 1000
        if tag.is_sequence_header or (tag.is_media and not (is_pause and tag.kind == paused)):
            stamped = replace(tag, timestamp=tag.timestamp + start)
            queue.offer(stamped, encode(stamped))
        while not queue.is_empty:
            data += bytes(queue.chunk())
            queue.advance(len(queue.chunk()))
            marks += [mark for mark in queue.marks if mark not in marks]
    return data, marks


def moved(tags: list[Tag]) -> float:
    """Return by how much the last sound has become later than the last picture, in seconds."""

    def last(stream: list[Tag], kind: int) -> int:
        return [tag.timestamp for tag in stream if tag.kind == kind and tag.is_media][-1]

    sound, picture = (last(tags, kind) - last(clip(), kind) for kind in (AUDIO, VIDEO))
    return (sound - picture) / 1000


def compared(marks: list[Mark], done: subprocess.CompletedProcess[bytes]) -> float | None:
    """Return the offset that follows from the marks in a relay's log, of which none may be missing."""
    passed, lip_sync = list[PassedMark](), LipSync()
    lines = MarkLines(passed.append)
    words = [line for line in done.stderr.decode().splitlines() if not lines.take(line)]
    assert not [word for word in words if "noise" in word]
    lip_sync.expect(MarkReport(mark.position, mark.kind, mark.timestamp) for mark in marks)
    for mark in passed:
        lip_sync.pass_on(mark, 0.0)
    assert sorted(mark.position for mark in passed) == [mark.position for mark in marks]
    return lip_sync.offset(now=0.0, since=0.0)


@pytest.mark.parametrize("start", [0, 2**31 - 20_000, 2**32 - 20_000], ids=["0", "2^31", "2^32"])
@pytest.mark.parametrize("paused", [AUDIO, VIDEO], ids=["sound", "picture"])
@pytest.mark.parametrize(
    ("threshold", "is_kept"), [("1000000", True), ("10", False)], ids=["ours", "default"]
)
def test_the_reported_offset_is_that_of_the_output(
    threshold: str, is_kept: bool, paused: int, start: int
) -> None:
    """0 with our options; with ffmpeg's own limit a track is moved alone by its pause, and that is seen."""
    data, marks = program(paused, start)
    done = subprocess.run(
        piped_relay(threshold=threshold), input=data, check=True, capture_output=True, timeout=60
    )
    offset = moved(Reader().feed(done.stdout))
    assert compared(marks, done) == pytest.approx(offset, abs=0.02)
    assert abs(offset) < 0.06 if is_kept else abs(offset) > PAUSE - 1


@pytest.mark.parametrize("paused", [AUDIO, VIDEO], ids=["sound", "picture"])
@pytest.mark.parametrize(
    ("threshold", "is_kept"), [("1000000", True), ("10", False)], ids=["ours", "default"]
)
def test_the_offset_of_an_encoding_relay_is_reported_too(threshold: str, is_kept: bool, paused: int) -> None:
    """From the pictures as they were read; the encoder's output has them on the same clock."""
    data, marks = program(paused, 0)
    argv = piped_relay(threshold=threshold, video='video = { bitrate = "200k" }\n')
    done = subprocess.run(argv, input=data, check=True, capture_output=True, timeout=60)
    offset = moved(Reader().feed(done.stdout))
    assert compared(marks, done) == pytest.approx(offset, abs=0.15)
    assert abs(offset) < 0.15 if is_kept else abs(offset) > PAUSE - 1
