"""The codecs of the stream that was live last: what the fallback and the relays have to be in.

ffmpeg takes the codecs of a relay's first tags for those of its whole connection, and so does a platform. So
the fallback is chosen by its codecs, and a relay that has begun with those of the fallback, or with another
picture, begins anew once. For another sound alone, no relay that has been live begins anew: silence takes its
place (live_connection.py).
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

from restream_agent.program.crash_state import JsonFile
from restream_agent.program.prepared_file import PreparedFile, open_first_playable, open_playable
from restream_agent.program.relay_connection import RelayConnection
from restream_agent.stream.enhanced import codec
from restream_agent.stream.flv import AUDIO

_BEGINNING = 100
"""Tags. A prepared file has sound and picture from its beginning."""


class LastCodecs:
    """The codecs of the last live stream, by kind of tag. Before the first one nothing is known.

    `file` keeps them for a restarted program, which takes over the relays' connections.
    """

    def __init__(self, file: JsonFile) -> None:
        self._file = file
        self._wanted: dict[int, str] = {}
        with suppress(AttributeError, ValueError):
            self._wanted = {int(kind): str(name) for kind, name in file.load().items()}

    def learn(self, codecs: Mapping[int, str]) -> None:
        """Note the codecs of a stream that is live; a kind that it lacks stays as it was."""
        if not codecs.items() <= self._wanted.items():
            self._wanted |= codecs
            with suppress(OSError):  # a restarted program then begins as one that knows nothing
                self._file.save(self._wanted)

    def take_over(self, relay: RelayConnection) -> None:
        """Note with what a relay has begun whose connection was kept: one with other codecs was ended."""
        relay.queue.codecs = dict(self._wanted)

    def begun(self, relays: Iterable[RelayConnection]) -> Mapping[int, str]:
        """Return the codecs that a publisher's sound has to fit, because a relay has been live in them."""
        sound = self._wanted.get(AUDIO)
        is_kept = sound is not None and any(relay.queue.codecs.get(AUDIO) == sound for relay in relays)
        return self._wanted if is_kept else {}

    def are_sent(self, sent: Mapping[int, str]) -> bool:
        """Whether the program now has these codecs; `sent` has those of its newest tags."""
        return all(sent.get(kind) == name for kind, name in self._wanted.items())

    def outdated(
        self, relays: Iterable[RelayConnection], sent: Mapping[int, str]
    ) -> tuple[RelayConnection, ...]:
        """Return the relays that cannot take what they are sent, which will last."""
        if not self.are_sent(sent):
            return ()
        return tuple(relay for relay in relays if not relay.queue.takes(self._wanted))

    def open_fallback(self, names: tuple[str, ...]) -> PreparedFile:
        """Return the first of the files that is in these codecs, or else the first that can be played."""
        return self.open_fitting(names) or open_first_playable(names)

    def open_fitting(self, names: tuple[str, ...]) -> PreparedFile | None:
        """Return the first of the files that is in these codecs, None if none is."""
        for name in names:
            if (prepared := open_playable(Path(name))) is None:
                continue
            if self.are_sent({tag.kind: codec(tag) for tag in islice(prepared, _BEGINNING) if tag.is_media}):
                return prepared
            prepared.close()
        return None
