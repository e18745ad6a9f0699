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
PATIENCE = 20.0


class Bench:
    """Two relays that have begun with a keyframe, and what each has received since."""

    def __init__(self, runtime: Path) -> None:
        self.selector = selectors.DefaultSelector()
        self.relays = Relays(self.selector, ServiceManager(), runtime, Limits())
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
        first, second = self.received_by(0), self.received_by(1)
        assert first == second
        return first

    def received_by(self, number: int) -> bytes:
        """Return what one of them has received since the last look."""
        try:
            return self._ends[number].recv(1 << 20, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close every socket."""
        for relay in self.relays:
            self.relays.drop(relay)
        for end in self._ends:
            end.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


def encoded(*tags: Tag) -> bytes:
    """Return the tags as a relay receives them."""
    return b"".join(map(encode, tags))


def test_a_picture_goes_with_the_sound_behind_it(bench: Bench) -> None:
    """Sound that ffmpeg needs for the keyframe, which went alone, goes at once."""
    shown, first, second = picture(NOW + 40, 0, is_keyframe=False), sound(NOW + 20, 0), sound(NOW + 41, 0)
    bench.relays.send([first], NOW + 20)
    assert bench.received() == encoded(first)
    bench.relays.send([shown], NOW + 40)
    assert (bench.received(), bench.relays.due_at) == (b"", NOW + 40 + LONGEST)
    bench.relays.send([second], NOW + 41)
    assert (bench.received(), bench.relays.due_at) == (encoded(shown, second), None)


def test_without_sound_a_picture_goes_in_time(bench: Bench) -> None:
    """Sound may pause."""
    shown = picture(NOW + 40, 0, is_keyframe=False)
    bench.relays.send([shown], NOW + 40)
    bench.relays.send_due(NOW + 40 + LONGEST - 1)
    assert bench.received() == b""
    bench.relays.send_due(NOW + 40 + LONGEST)
    assert bench.received() == encoded(shown)


def test_a_program_that_stood_still_skips_nothing_that_waited(bench: Bench) -> None:
    """What waited goes first: beside a tag of much later it would be a queue of many seconds."""
    shown, later = picture(NOW + 40, 0, is_keyframe=False), picture(NOW + 9000, 0, is_keyframe=False)
    bench.relays.send([shown], NOW + 40)
    bench.relays.send([later], NOW + 9000)
    bench.relays.flush()
    assert bench.received() == encoded(shown, later)


def test_a_relay_that_takes_nothing_holds_nobody_up(bench: Bench) -> None:
    """The other gets everything. What the first does not take stays in its queue for later."""
    large = [Tag(tag.kind, tag.timestamp, tag.body + bytes(100_000)) for tag in _half_a_second()]
    bench.relays.send(large, NOW + 500)
    bench.relays.flush()
    wanted = encoded(*large)
    for number in (0, 1):
        taken = bench.received_by(number)
        while len(taken) < len(wanted):
            ready = bench.selector.select(PATIENCE)
            assert ready, "a relay that takes again is not waited for"
            for key, events in ready:
                key.data(events)
            taken += bench.received_by(number)
        assert taken == wanted
        assert [relay.queue.is_empty for relay in bench.relays] == [True, bool(number)]
    assert bench.selector.select(0) == []  # the loop sleeps


def _half_a_second() -> list[Tag]:
    return [picture(NOW + 40 * number, 0, is_keyframe=False) for number in range(1, 12)]
