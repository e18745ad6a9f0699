"""FLV tags for tests: pictures, sound and sequence headers that name their source."""

from restream_agent.stream.flv import AUDIO, VIDEO, Tag

FRAME = 40
SOUND = 23


def parameters(kind: int, source: int) -> Tag:
    """Return a sequence header of `source`."""
    return Tag(kind, 0, bytes([0x17 if kind == VIDEO else 0xAF, 0, source]))


def picture(timestamp: int, source: int, *, is_keyframe: bool) -> Tag:
    """Return an H.264 picture whose last bytes name its source and timestamp."""
    head = bytes([0x17 if is_keyframe else 0x27, 1, 0, 0, 0, source])
    return Tag(VIDEO, timestamp, head + timestamp.to_bytes(8, "big", signed=True))


def sound(timestamp: int, source: int) -> Tag:
    """Return an AAC frame whose last bytes name its source and timestamp."""
    return Tag(AUDIO, timestamp, bytes([0xAF, 1, source]) + timestamp.to_bytes(8, "big", signed=True))


def origin(tag: Tag) -> tuple[int, int]:
    """Return the source and the original timestamp of a tag of this module."""
    return tag.body[-9], int.from_bytes(tag.body[-8:], "big", signed=True)


def stream(source: int, start: int, length: int, *, group: int = 2000) -> list[Tag]:
    """Return `length` ms of interleaved stream from `start`, with a keyframe every `group` ms."""
    pictures = [picture(start + at, source, is_keyframe=at % group == 0) for at in range(0, length, FRAME)]
    sounds = [sound(start + at, source) for at in range(0, length, SOUND)]
    media = sorted([*pictures, *sounds], key=lambda tag: (tag.timestamp, tag.kind == AUDIO))
    return [parameters(VIDEO, source), parameters(AUDIO, source), *media]
