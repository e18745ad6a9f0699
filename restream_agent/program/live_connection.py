"""The connection of `live@`, which brings the publisher's stream: bytes in, tags out."""

import socket
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

from restream_agent.program.journal import log
from restream_agent.program.meter import Meter
from restream_agent.stream.enhanced import FirstTracks, codec
from restream_agent.stream.flv import AUDIO, VIDEO, Reader, Tag
from restream_agent.stream.input_rules import InputRules
from restream_agent.stream.recovery import RecoveryPoints
from restream_agent.stream.source_clock import SourceClock
from restream_agent.wire.program_settings import CARRIED_CODECS

_READ = 256 * 1024
"""Bytes that are read from the socket at a time."""


_NOTHING: Mapping[int, str] = MappingProxyType({})

_LOGGED = 5
_LOGGED_WITHIN = 60_000
"""So many broken rules within so many ms are logged. `live@` connects again ten times a second."""


class RuleBreaks:
    """Decides which broken rules are logged, because a publisher may break them for ever."""

    _logged: deque[int]

    def __init__(self) -> None:
        self._logged = deque(maxlen=_LOGGED)

    def are_many(self, now: int) -> bool:
        """Whether so many were logged that the next is not."""
        return len(self._logged) == _LOGGED and now - self._logged[0] < _LOGGED_WITHIN

    def words(self, reason: str, now: int) -> str:
        """Return the words for a connection that broke a rule now; "" if it is not logged."""
        if self.are_many(now):
            return ""
        self._logged.append(now)
        return f"{reason}; more of these are not logged for a minute" if self.are_many(now) else reason


class Remarks:
    """Writes lines about the publisher's stream into the journal, each once."""

    _said: set[str]

    def __init__(self) -> None:
        self._said = set()

    def say(self, remarks: tuple[str, ...]) -> None:
        """Log what is new."""
        for remark in remarks:
            if remark not in self._said:
                self._said.add(remark)
                log(4, f"live: {remark}")


class LiveConnection:
    """One connection of `live@`. `heard_at` is when it last brought data, in ms of the broadcast."""

    heard_at: int
    meter: Meter
    _tracks: FirstTracks
    _begun: dict[int, str]
    _left_out: Tag | None
    _reader: Reader
    _rules: InputRules
    _clock: SourceClock
    _recovery: RecoveryPoints

    def __init__(
        self,
        connection: socket.socket,
        now: int,
        carried: tuple[str, ...] = CARRIED_CODECS,
        begun: Mapping[int, str] = _NOTHING,
    ) -> None:
        """Tracks in codecs other than those `carried` are left out.

        `begun` has the codecs, by kind of tag, that relays have been live in. Sound in another codec is left
        out beside such a picture: a relay's connection is worth more.
        """
        connection.setblocking(False)
        self.socket = connection
        self.heard_at = now
        self.meter = Meter()
        self._tracks = FirstTracks()
        self._carried = frozenset(("", *carried))
        self._begun = dict(begun)
        self._left_out = None
        self._reader = Reader()
        self._rules = InputRules()
        self._clock = SourceClock()
        self._recovery = RecoveryPoints()

    def read(self, now: int) -> list[Tag] | None:
        """Read what is in the socket.

        Returns the tags of the first tracks that are complete now, on one clock, or None at the end of the
        stream. Raises FlvError if the data is not a live FLV stream or breaks a rule; the connection is of
        no use then.
        """
        try:
            data = self.socket.recv(_READ)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        self.heard_at = now
        return [tag for arrived in self._reader.feed(data) for tag in self._checked(arrived, now)]

    def _checked(self, arrived: Tag, now: int) -> list[Tag]:
        """Return what a tag has of the first tracks."""
        first_tracks = self._tracks.take(arrived)
        for tag in first_tracks or (arrived,):
            self._rules.check(tag, now)
        continued = [self._recovery.marked(self._clock.continued(tag, now)) for tag in first_tracks]
        for tag in continued:
            self.meter.count(tag, now)
        self.meter.others = self._tracks.others
        self.meter.broadcast_sound = self._begun[AUDIO] if self._has_foreign_sound else ""
        return [tag for one in continued for tag in self._passed_on(one)]

    def _passed_on(self, tag: Tag) -> tuple[Tag, ...]:
        """Return a tag that is passed on; sound has its header in front if that was left out before.

        Which picture comes, and so whether the sound is left out, may be known after that header alone.
        """
        is_header = tag.kind == AUDIO and tag.is_sequence_header
        if not self._is_passed_on(tag.kind, codec(tag)):
            self._left_out = tag if is_header else self._left_out
            return ()
        if tag.kind != AUDIO or self._left_out is None:
            return (tag,)
        header, self._left_out = self._left_out, None
        return (tag,) if is_header or codec(header) != codec(tag) else (header, tag)

    @property
    def _has_foreign_sound(self) -> bool:
        """Whether sound that could be carried is left out because relays have been live in another codec.

        Beside a picture for which the relays begin anew anyway, sound is taken as it is.
        """
        shape, begun = self.meter.shape, self._begun
        picture, sound = (
            one if one in self._carried else "" for one in (shape.video_codec, shape.audio_codec)
        )
        is_other_picture = bool(picture) and begun.get(VIDEO, picture) != picture
        return bool(sound) and begun.get(AUDIO, sound) != sound and not is_other_picture

    def _is_passed_on(self, kind: int, name: str) -> bool:
        return name in self._carried and not (kind == AUDIO and self.meter.broadcast_sound)

    @property
    def picture_codec(self) -> str:
        """The codec of the pictures that are passed on, "" if none are."""
        name = self.meter.shape.picture.codec
        return name if self._is_passed_on(VIDEO, name) else ""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What somebody should know of the stream, a sentence each."""
        shape = self.meter.shape
        refused = [name for name in (shape.video_codec, shape.audio_codec) if name not in self._carried]
        begun = self.meter.broadcast_sound
        foreign = (f"{shape.audio_codec} is left out, the platforms' connections have {begun}",)
        return (
            *(foreign if begun else ()),
            *(f"{name} is left out, it cannot be carried: restream-agent status" for name in refused),
            *(f"{name} is not played: the first track of picture and sound is" for name in self.meter.others),
        )

    def is_silent(self, now: int, limit: int) -> bool:
        """Whether the connection has brought nothing for more than `limit` ms."""
        return now - self.heard_at > limit

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()
