"""What a relay begins with that joins a program under way."""

from restream_agent.stream.fanout import Backlog, RelayQueue
from restream_agent.stream.flv import AUDIO, VIDEO, Reader, Tag, encode
from tests.unit.stream.flv_making import parameters, picture, sound


def test_a_relay_begins_with_a_picture_and_no_earlier_sound() -> None:
    """Silence trails its pictures by seconds; the sound from the first picture on is given."""
    queue, backlog = RelayQueue(), Backlog()
    held = (picture(5000, 1, is_keyframe=True), sound(3100, 1), picture(5040, 1, is_keyframe=False))
    for tag in (parameters(VIDEO, 1), parameters(AUDIO, 1), *held):
        backlog.add(tag, encode(tag))
    backlog.start(queue)
    for tag in (sound(4999, 1), sound(5000, 1), picture(5080, 1, is_keyframe=False)):
        queue.offer(tag, encode(tag))
    media = [(tag.kind, tag.timestamp) for tag in given(queue)]
    assert media == [(VIDEO, 5000), (VIDEO, 5040), (AUDIO, 5000), (VIDEO, 5080)]


def test_a_relay_begins_with_sound_in_one_codec() -> None:
    """The sound changes in a group of pictures: what was held in the other codec is of no use."""
    queue, backlog = RelayQueue(), Backlog()
    mp3 = Tag(AUDIO, 5010, b"\x2f\xff\xfb\x90\x64")
    for tag in (picture(5000, 1, is_keyframe=True), mp3, picture(5040, 1, is_keyframe=False), sound(5050, 1)):
        backlog.add(tag, encode(tag))
    backlog.start(queue)
    assert [tag.timestamp for tag in given(queue)] == [5000, 5040, 5050]
    assert queue.codecs == {VIDEO: "h264", AUDIO: "aac"}


def given(queue: RelayQueue) -> list[Tag]:
    """Return the media that a relay is sent."""
    sent = b""
    while not queue.is_empty:
        sent += bytes(queue.chunk())
        queue.advance(len(queue.chunk()))
    return [tag for tag in Reader().feed(sent) if tag.is_media]
