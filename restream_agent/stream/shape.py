"""The shape of a publisher's stream, from its tags: codecs, size, sound, pictures a second. Pure."""

from restream_agent.stream.enhanced import AUDIO_CODECS, VIDEO_CODECS, codec
from restream_agent.stream.flv import AUDIO, VIDEO, Tag, metadata
from restream_agent.stream.parameters import (
    PictureShape,
    SoundShape,
    is_telling,
    picture_shape,
    sound_shape,
)

_MEASURED_FOR = 2000
"""Milliseconds of stream after which a measured frame rate counts."""

_MEASURED_ANEW = 10_000
"""Milliseconds of stream after which the frame rate is measured anew."""

_FASTEST = 240
_STATED_KEYS = {VIDEO: "videocodecid", AUDIO: "audiocodecid"}
_STATED_NAMES = {VIDEO: {7: "h264", 12: "hevc"}, AUDIO: {10: "aac", 2: "mp3"}}


class StreamShape:
    """The shape of one connection's first tracks, as far as its tags have told it.

    The decoder parameters tell the size; metadata are believed where there are none. `stated` has the codecs
    that the metadata name: an ingest server may pass on the metadata and not the track. `stated_rate` is the
    frame rate of the metadata, `measured_rate` that of the pictures; 0 while unknown.
    """

    picture: PictureShape
    sound: SoundShape
    stated: dict[int, str]
    _size: tuple[int, int]
    stated_rate: float
    measured_rate: float
    _since: int | None
    _pictures: int

    def __init__(self) -> None:
        self.picture = PictureShape()
        self.sound = SoundShape()
        self.stated = {}
        self._size = (0, 0)
        self.stated_rate = self.measured_rate = 0.0
        self._since = None
        self._pictures = 0

    def note(self, tag: Tag) -> None:
        """Take the next tag."""
        if tag.kind == VIDEO:
            self._note_picture(tag)
        elif tag.kind == AUDIO:
            self._note_sound(tag)
        elif numbers := metadata(tag):
            self._size = _pixels(numbers.get("width", 0)), _pixels(numbers.get("height", 0))
            rate = numbers.get("framerate", 0)
            self.stated_rate = rate if 1 <= rate <= _FASTEST else 0.0
            for kind, key in _STATED_KEYS.items():
                self.stated[kind] = _stated_codec(kind, round(numbers.get(key, 0)))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels, 0 while they are not known."""
        return (self.picture.width, self.picture.height) if self.picture.width else self._size

    @property
    def video_codec(self) -> str:
        """The picture's codec, "" while there is none."""
        return self.picture.codec or self.stated.get(VIDEO, "")

    @property
    def audio_codec(self) -> str:
        """The sound's codec, "" while there is none."""
        return self.sound.codec or self.stated.get(AUDIO, "")

    def _note_picture(self, tag: Tag) -> None:
        if tag.is_sequence_header:
            shape = picture_shape(tag)
            if shape != self.picture:
                self.picture, self._since, self.measured_rate = shape, None, 0.0
        elif tag.is_media:
            if not self.picture.codec:
                self.picture = PictureShape(codec(tag))
            self._measure(tag.timestamp)

    def _note_sound(self, tag: Tag) -> None:
        if is_telling(tag):
            self.sound = sound_shape(tag)
        elif tag.is_media and not self.sound.codec:
            self.sound = SoundShape(codec(tag))

    def _measure(self, timestamp: int) -> None:
        """Count a picture; a rate is that of the pictures between two timestamps."""
        span = 0 if self._since is None else timestamp - self._since
        if self._since is None or not 0 <= span <= _MEASURED_ANEW:
            self._since, self._pictures = timestamp, 0
            return
        self._pictures += 1
        if span >= _MEASURED_FOR:
            self.measured_rate = self._pictures * 1000 / span


def _stated_codec(kind: int, number: int) -> str:
    """Return the codec that metadata name by a number or, in Enhanced RTMP, a FourCC; "" if unknown."""
    fourcc = number.to_bytes(4, "big") if 0 <= number < 2**32 else b""
    names = VIDEO_CODECS if kind == VIDEO else AUDIO_CODECS
    return _STATED_NAMES[kind].get(number) or names.get(fourcc, "")


def _pixels(number: float) -> int:
    """Return a width or height that a publisher claims, 0 if it cannot be one."""
    return int(number) if 0 < number <= 2**16 else 0
