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
from restream_agent.stream.flv import AUDIO, VIDEO
from restream_agent.wire.program_settings import CARRIED_CODECS

_BEGINNING = 100
"""Tags. A prepared file has sound and picture from its beginning."""


class LastCodecs:
    """The codecs of the last live stream, by kind of tag. Before the first one nothing is known.

    `file` keeps them for a restarted program, which takes over the relays' connections.
    """

    def __init__(self, file: JsonFile) -> None:
        self._file = file
        self._wanted: dict[int, str] = {}
        with suppress(AttributeError, TypeError, ValueError):
            loaded = {int(kind): name for kind, name in file.load().items()}
            self._wanted = {kind: name for kind, name in loaded.items() if name in CARRIED_CODECS}

    def learn(self, *, picture: str = "", sound: str = "") -> None:
        """Note what relays are sent of a live stream, silence included; "" leaves a codec as it was."""
        codecs = {kind: name for kind, name in ((VIDEO, picture), (AUDIO, sound)) if name}
        if codecs.items() <= self._wanted.items():
            return
        self._wanted |= codecs
        try:
            self._file.save(self._wanted)
        except OSError:  # a restarted program begins as one that knows nothing
            self._file.remove()

    @property
    def sound(self) -> str:
        """The codec of sound, "" while it is not known."""
        return self._wanted.get(AUDIO, "")

    def take_over(self, relay: RelayConnection) -> None:
        """Note the codec of sound of a relay whose connection was kept: all have the same."""
        if self.sound:
            relay.queue.codecs = {AUDIO: self.sound}

    def begun(self, relays: Iterable[RelayConnection]) -> Mapping[int, str]:
        """Return the codecs that a publisher's sound has to fit, because a relay has been live in them."""
        is_kept = any(relay.queue.codecs.get(AUDIO) == self.sound for relay in relays)
        return self._wanted if self.sound and is_kept else {}

    def are_sent(self, sent: Mapping[int, str]) -> bool:
        """Whether the program now has these codecs; `sent` has those of its newest tags."""
        return all(sent.get(kind) == name for kind, name in self._wanted.items())

    def differ_from(self, sent: Mapping[int, str]) -> bool:
        """Whether the newest tags are in other codecs; what was not sent yet is in none."""
        return any(sent.get(kind, name) != name for kind, name in self._wanted.items())

    def outdated(
        self, relays: Iterable[RelayConnection], sent: Mapping[int, str]
    ) -> tuple[tuple[RelayConnection, str], ...]:
        """Return the relays that cannot take what they are sent, which will last, each with a line for it."""
        if not self.are_sent(sent):
            return ()
        new = " and ".join(sent.values())
        found = []
        for relay in relays:
            if not relay.queue.takes(self._wanted):
                begun = " and ".join(relay.queue.codecs.values())
                words = f"{relay.name}: begins anew, its platform has {begun} and OBS sends {new} now"
                found.append((relay, words))
        return tuple(found)

    def open_fallback(self, names: tuple[str, ...]) -> PreparedFile:
        """Return the first of the files that is in these codecs, or else the first that can be played."""
        return self._open_fitting(names) or open_first_playable(names)

    def has_fitting(self, names: tuple[str, ...]) -> bool:
        """Whether one of the files is in these codecs."""
        fitting = self._open_fitting(names)
        if fitting is not None:
            fitting.close()
        return fitting is not None

    def _open_fitting(self, names: tuple[str, ...]) -> PreparedFile | None:
        """Return the first of the files that is in these codecs, None if none is."""
        for name in names:
            if (prepared := open_playable(Path(name))) is None:
                continue
            if self.are_sent({tag.kind: codec(tag) for tag in islice(prepared, _BEGINNING) if tag.is_media}):
                return prepared
            prepared.close()
        return None
