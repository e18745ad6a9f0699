"""FLV tags for tests: pictures, sound and sequence headers that name their source."""

from restream_agent.stream.flv import AUDIO, VIDEO, Tag

FRAME = 40
SOUND = 23
SILENT_FRAME = bytes.fromhex("af01 2100 0000 001c")
"""An AAC frame of 48 kHz stereo of which both channels are silent."""


def parameters(kind: int, source: int) -> Tag:
    """Return a sequence header of `source`; the sound is 48 kHz stereo."""
    return Tag(kind, 0, bytes([0x17, 0, source] if kind == VIDEO else [0xAF, 0, 0x11, 0x90, source]))


def picture(timestamp: int, source: int, *, is_keyframe: bool) -> Tag:
    """Return an H.264 picture whose last bytes name its source and timestamp."""
    head = bytes([0x17 if is_keyframe else 0x27, 1, 0, 0, 0, source])
    return Tag(VIDEO, timestamp, head + timestamp.to_bytes(8, "big", signed=True))


def sound(timestamp: int, source: int) -> Tag:
    """Return an AAC frame whose last bytes name its source and timestamp."""
    return Tag(AUDIO, timestamp, bytes([0xAF, 1, source]) + timestamp.to_bytes(8, "big", signed=True))


def is_silence(tag: Tag) -> bool:
    """Whether a tag is a silent frame that the program made."""
    return tag.kind == AUDIO and tag.is_media and tag.body == SILENT_FRAME


def origin(tag: Tag) -> tuple[int, int]:
    """Return the source and the original timestamp of a tag of this module."""
    return tag.body[-9], int.from_bytes(tag.body[-8:], "big", signed=True)


def stream(source: int, start: int, length: int, *, group: int = 2000) -> list[Tag]:
    """Return `length` ms of interleaved stream from `start`, with a keyframe every `group` ms."""
    pictures = [picture(start + at, source, is_keyframe=at % group == 0) for at in range(0, length, FRAME)]
    sounds = [sound(start + at, source) for at in range(0, length, SOUND)]
    media = sorted([*pictures, *sounds], key=lambda tag: (tag.timestamp, tag.kind == AUDIO))
    return [parameters(VIDEO, source), parameters(AUDIO, source), *media]


def as_mp3(tags: list[Tag]) -> list[Tag]:
    """Return the tags with sound in MP3, which has no sequence header."""
    return [
        Tag(AUDIO, tag.timestamp, b"\x2f\xff\xfb\x90\x64" + bytes(20)) if tag.kind == AUDIO else tag
        for tag in tags
        if tag.kind == VIDEO or tag.is_media
    ]
