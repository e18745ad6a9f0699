"""What the program sends: the tags of the current source, its parameters, and silence where sound is missing.

Pure. A program that has always both tracks keeps every relay's two tracks, whatever a publisher sends.
"""

from collections.abc import Mapping
from enum import StrEnum

from restream_agent.stream.access_unit import with_parameters
from restream_agent.stream.enhanced import codec
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.mp3 import mp3_shape
from restream_agent.stream.silence import (
    MP3,
    SILENCE,
    STEREO,
    Silence,
    SilenceClock,
    can_be_silent,
    silence_like,
)
from restream_agent.stream.timeline import Timeline
from restream_agent.stream.tracks import LATEST

_GAP = 500
"""Milliseconds. A longer gap in the sound is filled with silence. A shorter gap is left: of sound in clumps
some sources give the frames of a clump one timestamp."""

_INTERLEAVED = 100
"""Milliseconds by which the fallback's silence follows its pictures. In a file, sound stands beside its
picture."""


class Sound(StrEnum):
    """Where the program's sound comes from."""

    NONE = "none"
    LIVE = "live"
    FALLBACK = "fallback"
    SILENCE = "silence"


class Output:
    """Puts tags on the timeline.

    `headers` are the sequence headers that were sent last, of MP3 its shape (mp3.py); `sound` is what is
    heard. Sound has its sequence header in front whenever its shape changes. Silence takes the shape of the
    sound before it, so that the sequence header seldom changes.

    `codec` is that of the live sound that was sent last, or of silence in its place; "" before. Relays that
    have begun with it take no other. `is_muted` is whether the fallback's sound is left out for silence,
    because it is in another codec.
    """

    headers: dict[int, Tag]
    sound: Sound
    is_muted: bool
    codec: str
    _timeline: Timeline
    _clock: SilenceClock
    _silence: Silence
    _shape_of: Tag | None
    _source: Sound
    _source_header: Tag | None
    _is_cut: bool
    _is_fillable: bool
    _begins_silent: bool
    _first_picture: int | None

    def __init__(self, timeline: Timeline) -> None:
        self.headers = {}
        self.sound = Sound.NONE
        self.is_muted = False
        self.codec = ""
        self._timeline = timeline
        self._clock = SilenceClock()
        self._silence = SILENCE
        self._shape_of = STEREO
        self._source = Sound.NONE
        self._source_header = None
        self._is_cut = False
        self._is_fillable = True
        self._begins_silent = False
        self._first_picture = None

    def cut_to(self, source: Sound, headers: Mapping[int, Tag], usual: Tag | None = None) -> list[Tag]:
        """Begin a source: return its sequence headers; the next keyframe will contain the picture's.

        `usual` is the sequence header of the silence that a source without sound will get, if none was sent.
        """
        self._is_cut = True
        self._begins_silent = usual is not None and AUDIO not in headers
        self.hear(source, headers.get(AUDIO))
        self.is_muted = any(not self._takes(header) for header in headers.values())
        headers = {kind: header for kind, header in headers.items() if self._takes(header)}
        if usual is not None and AUDIO not in self.headers and self.codec in ("", codec(usual)):
            headers = {AUDIO: usual, **headers}
        return self._send_headers(headers)

    def hear(self, source: Sound, header: Tag | None) -> None:
        """Take the sound from a source from now on; `header` is the sequence header of its sound."""
        self._source, self._source_header = source, header

    def change(self, header: Tag) -> list[Tag]:
        """Take a new sequence header of the current source; return what is sent of it now.

        That of a picture also goes inside the next keyframe, as at a cut.
        """
        if header.kind == AUDIO:
            self._source_header, self._begins_silent = header, False
            return []
        if self._is_sent(header):
            return []
        self._is_cut = True
        return self._send_headers({VIDEO: header})

    def put(self, tag: Tag, now: int, timeline: Timeline | None = None) -> list[Tag]:
        """Return a tag with what goes before and after it; nothing if it comes too late to be sent.

        `timeline` is that of a source with a clock of its own.
        """
        if not self._takes(tag):
            self.is_muted = True
            return []
        heard = self._timeline.last[AUDIO]
        stamped = (timeline or self._timeline).stamp(tag, now)
        if stamped is None:
            return []
        if stamped.kind == AUDIO:
            return self._with_sound(stamped, heard)
        if self._first_picture is None:
            self._first_picture = stamped.timestamp
        if self._is_cut and stamped.is_keyframe and VIDEO in self.headers:
            stamped = with_parameters(stamped, self.headers[VIDEO])
            self._is_cut = False
        return [stamped, *self._fill(heard, stamped.timestamp - self._patience(heard))]

    def _patience(self, heard: int) -> int:
        """Return by how many ms silence follows the pictures, so that sound that comes later has its place.

        A relay waits for its first sound. Of a publisher that announces none, it gets silence at once. Of a
        fallback that is muted no sound is to come, and a relay holds its pictures back without.
        """
        if self.is_muted:
            return 0
        is_first = self._begins_silent and heard < 0
        return _INTERLEAVED if is_first or self._source is Sound.FALLBACK else LATEST

    def _takes(self, tag: Tag) -> bool:
        """Whether a tag of the current source is sent: all but the fallback's sound in another codec."""
        if tag.kind != AUDIO or self._source is not Sound.FALLBACK:
            return True
        return self.codec in ("", codec(tag))

    def _with_sound(self, stamped: Tag, heard: int) -> list[Tag]:
        filled = self._fill(heard, stamped.timestamp)
        self._timeline.last[AUDIO] = stamped.timestamp
        header = mp3_shape(stamped) or self._source_header
        parameters = [] if header is None or self._is_sent(header) else self._send_headers({AUDIO: header})
        self.sound = self._source
        if self._source is Sound.LIVE:
            self.codec = codec(stamped)
        self._is_fillable = can_be_silent(stamped)
        return [*filled, *parameters, stamped]

    def _fill(self, heard: int, end: int) -> list[Tag]:
        """Return silence from the end of the sound at `heard` to `end`, if that is a gap.

        Sound of another codec than AAC and MP3 has none: within a connection platforms take one codec.
        """
        if not self._is_fillable:
            return []
        silence = self._shape()
        if heard < 0:
            if self._first_picture is None:
                return []
            heard = self._first_picture - round(silence.duration)
        if end - heard < _GAP and self.sound is not Sound.SILENCE and not self.is_muted:
            return []
        stamps = self._clock.stamps(silence.duration, heard, end)
        if not stamps:
            return []
        parameters = [] if self._is_sent(silence.header) else self._send_headers({AUDIO: silence.header})
        self._timeline.fill(AUDIO, stamps[-1])
        self.sound = Sound.SILENCE
        if self._source is Sound.LIVE:
            self.codec = codec(silence.header)
        return [*parameters, *(Tag(AUDIO, stamp, silence.body) for stamp in stamps)]

    def _shape(self) -> Silence:
        """Return silence in the shape of the current sound; in another shape if that is not known."""
        header = self.headers.get(AUDIO) or (MP3 if self.codec == codec(MP3) else STEREO)
        if header is not self._shape_of:
            self._shape_of = header
            self._silence = silence_like(header) or self._silence
        return self._silence

    def _is_sent(self, header: Tag) -> bool:
        known = self.headers.get(header.kind)
        return known is not None and known.body == header.body

    def _send_headers(self, headers: Mapping[int, Tag]) -> list[Tag]:
        placed = {kind: self._timeline.place(headers[kind]) for kind in (VIDEO, AUDIO) if kind in headers}
        self.headers = {**self.headers, **placed}
        return [header for header in placed.values() if header.is_sequence_header]
