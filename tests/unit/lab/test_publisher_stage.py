"""The stage of the publishers waits for what a case looks for, and a case of the door for an answer."""

import json
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.demo.screen import Screen
from tests.lab.chunks import MessageWriter
from tests.lab.container import Container
from tests.lab.marks import mark
from tests.lab.rtmp import AUDIO, HANDSHAKE_BYTES, VIDEO
from tests.lab.tap import RECORD
from tests.publishers import cases_door, stage
from tests.publishers.stage import PublisherStage

PICTURE = b"\x17\x01\0\0\0" + (7).to_bytes(4) + b"\x65picture"[:7]
REFUSED = "restream-agent[7]: publish refused: wrong key from 127.0.0.1"


class QuietContainer(Container):
    """A container that is never booted; `status` says the next of some words at each look."""

    def __init__(
        self, shared: Path, *, words: Sequence[str] = (), ago: float = 0.0, journal: str = ""
    ) -> None:
        self.shared = shared
        self._words, self._ago, self._journal = list(words), ago, journal

    def run(self, argv: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
        """Answer as the product and journalctl do."""
        if "--json" in argv:
            return _done(json.dumps({"refusal": {"ago": self._ago}}))
        if "status" in argv:
            return _done(self._words.pop(0) if self._words else "")
        return _done(self._journal)


def _done(output: str) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess((), 0, output, "")


def staged(container: QuietContainer) -> PublisherStage:
    (container.shared / "alpha" / "tap").mkdir(parents=True)
    return PublisherStage(container, "srs", Screen())


def arrive(directory: Path, *messages: tuple[int, bytes]) -> None:
    """Write the beginning of a connection that carries these messages now."""
    writer, now = MessageWriter(is_compact=True), time.monotonic_ns()
    data = bytes(HANDSHAKE_BYTES) + b"".join(
        writer.write(4, kind, body, stream=1, timestamp=40) for kind, body in messages
    )
    with (directory / "0001.tap").open("ab") as file:
        for part in (b"", data):
            file.write(RECORD.pack(now, len(part)) + part)


def test_live_is_seen_as_soon_as_both_tracks_are_there(tmp_path: Path) -> None:
    """Frames that have arrived since the last look count, and those of the fallback do not."""
    one = staged(QuietContainer(tmp_path))
    tap = tmp_path / "alpha" / "tap"
    assert not one.shows_live()
    arrive(tap, (VIDEO, PICTURE), (AUDIO, b"\xaf\x01sound"))
    assert not one.shows_live()
    (tap / "0001.tap").rename(tap / "0000.tap")
    arrive(tap, (VIDEO, mark(VIDEO, PICTURE, 3)), (AUDIO, mark(AUDIO, b"\xaf\x01sound", 4)))
    assert one.shows_live()


def test_a_look_lasts_until_status_has_said_what_it_should(tmp_path: Path) -> None:
    """A busy machine says it later."""
    one = staged(QuietContainer(tmp_path, words=("LIVE", "LIVE", "LIVE, no sound", "too far")))
    one.awaited = ("no sound",)
    one.look()
    assert one.said == ["LIVE", "LIVE", "LIVE, no sound"]


def test_a_look_ends_without_the_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge finds what is lacking."""
    monkeypatch.setattr(stage, "LOOK_FOR_SECONDS", 0.0)
    one = staged(QuietContainer(tmp_path, words=("LIVE",)))
    one.awaited = ("no sound",)
    one.look()
    assert one.said == ["LIVE"]


@pytest.mark.parametrize(
    ("ago", "journal", "is_said"), [(0.0, REFUSED, True), (500.0, REFUSED, False), (0.0, "quiet", False)]
)
def test_a_refusal_counts_if_it_is_of_this_case(
    tmp_path: Path, ago: float, journal: str, is_said: bool
) -> None:
    """`status` shows the last refusal for ten minutes, so that of an earlier case is there too."""
    one = staged(QuietContainer(tmp_path, ago=ago, journal=journal))
    assert cases_door.is_said(one) is is_said
