"""The codecs of the program: what a relay has begun with, and what a new one begins with."""

from restream_agent.stream.fanout import Backlog, RelayQueue
from restream_agent.stream.flv import AUDIO, VIDEO, Reader, Tag, encode
from tests.unit.stream.flv_making import parameters, picture, sound

MP3 = Tag(AUDIO, 40, b"\x2f\xff\xfb\x90\x64")
HEVC = Tag(VIDEO, 80, b"\x91hvc1\0\0\0abc")


def begun(backlog: Backlog) -> list[Tag]:
    """Return what a relay gets that begins now."""
    queue, data = RelayQueue(), b""
    backlog.start(queue)
    while not queue.is_empty:
        chunk = bytes(queue.chunk())
        queue.advance(len(chunk))
        data += chunk
    return Reader().feed(data)


def after(*tags: Tag) -> Backlog:
    """Return the backlog after some tags."""
    backlog = Backlog()
    for tag in tags:
        backlog.add(tag, encode(tag))
    return backlog


USUAL = (parameters(VIDEO, 1), parameters(AUDIO, 1), picture(0, 1, is_keyframe=True), sound(20, 1))


def test_the_newest_codecs_are_known() -> None:
    """Of sound and picture."""
    assert after(*USUAL).codecs == {VIDEO: "h264", AUDIO: "aac"}
    assert after(*USUAL, MP3, HEVC).codecs == {VIDEO: "hevc", AUDIO: "mp3"}


def test_a_relay_that_begins_on_mp3_gets_no_parameters_of_aac() -> None:
    """ffmpeg would take them for the track, and MP3 for another one."""
    kinds = [(tag.kind, tag.is_sequence_header) for tag in begun(after(*USUAL, MP3))]
    assert (AUDIO, True) not in kinds
    assert (VIDEO, True) in kinds


def test_a_relay_that_begins_on_aac_gets_its_parameters() -> None:
    """After MP3, too."""
    assert parameters(AUDIO, 1) in begun(after(MP3, *USUAL))


def test_a_relay_takes_the_codecs_that_it_has_begun_with() -> None:
    """All of them before its first tag, and any sound before it had some."""
    queue = RelayQueue()
    assert queue.takes({VIDEO: "hevc", AUDIO: "aac"})
    queue.offer(HEVC, encode(HEVC))
    assert queue.takes({VIDEO: "hevc", AUDIO: "aac"})
    assert queue.takes({VIDEO: "hevc", AUDIO: "mp3"})
    assert not queue.takes({VIDEO: "h264", AUDIO: "aac"})
    for tag in USUAL:
        queue.offer(tag, encode(tag))
    assert queue.codecs == {VIDEO: "hevc", AUDIO: "aac"}


def test_what_a_relay_skips_does_not_count() -> None:
    """It waits for a keyframe first."""
    queue = RelayQueue()
    queue.offer(MP3, encode(MP3))
    assert queue.codecs == {}
