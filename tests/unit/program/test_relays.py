"""When the relays are sent what is queued, over real sockets."""

import selectors
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from restream_agent.program.relays import Relays
from restream_agent.stream.batch import LONGEST
from restream_agent.stream.fanout import Limits
from restream_agent.stream.flv import Tag, encode
from restream_agent.systemd.sd_notify import ServiceManager
from tests.unit.stream.flv_making import picture, sound

NOW = 5000


class Bench:
    """Two relays that have begun with a keyframe, and what each has received since."""

    def __init__(self, runtime: Path) -> None:
        self.relays = Relays(selectors.DefaultSelector(), ServiceManager(), runtime, Limits())
        self._ends = []
        for number in (1, 2):
            ours, theirs = socket.socketpair()
            self.relays.take_over(f"relay-r{number}-{number}", ours)
            self._ends.append(theirs)
        keyframe = picture(NOW, 0, is_keyframe=True)
        self.relays.send([keyframe], NOW)
        assert self.received() == encode(keyframe)

    def received(self) -> bytes:
        """Return what both have received since the last look."""
        first, second = (_waiting(end) for end in self._ends)
        assert first == second
        return first

    def close(self) -> None:
        """Close every socket."""
        for relay in self.relays:
            self.relays.drop(relay)
        for end in self._ends:
            end.close()


def _waiting(end: socket.socket) -> bytes:
    try:
        return end.recv(1 << 20, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return b""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def encoded(*tags: Tag) -> bytes:
    """Return the tags as a relay receives them."""
    return b"".join(map(encode, tags))


def test_a_picture_goes_with_the_sound_behind_it(bench: Bench) -> None:
    """The keyframe was sent at once; the sound behind it need not wait either."""
    shown, heard = picture(NOW + 40, 0, is_keyframe=False), sound(NOW + 43, 0)
    bench.relays.send([shown], NOW + 40)
    assert (bench.received(), bench.relays.due_at) == (b"", NOW + 40 + LONGEST)
    bench.relays.send([heard], NOW + 43)
    assert (bench.received(), bench.relays.due_at) == (encoded(shown, heard), None)


def test_without_sound_a_picture_goes_in_time(bench: Bench) -> None:
    """Sound may pause."""
    shown = picture(NOW + 40, 0, is_keyframe=False)
    bench.relays.send([shown], NOW + 40)
    bench.relays.send_due(NOW + 40 + LONGEST - 1)
    assert bench.received() == b""
    bench.relays.send_due(NOW + 40 + LONGEST)
    assert bench.received() == encoded(shown)


def test_a_relay_that_takes_nothing_holds_nobody_up(bench: Bench) -> None:
    """What its socket does not take stays in its queue, whole tags or the rest of one; it gets every byte."""
    large = [Tag(tag.kind, tag.timestamp, tag.body + bytes(100_000)) for tag in _half_a_second()]
    bench.relays.send(large, NOW + 500)
    bench.relays.flush()
    assert any(relay.queue.size for relay in bench.relays)
    wanted, taken = encoded(*large), b""
    while len(taken) < len(wanted):
        taken += bench.received()
        bench.relays.flush()
    assert taken == wanted
    assert all(relay.queue.is_empty for relay in bench.relays)


def _half_a_second() -> list[Tag]:
    return [picture(NOW + 40 * number, 0, is_keyframe=False) for number in range(1, 12)]
