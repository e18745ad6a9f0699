"""What a killed program leaves behind, the next process goes on with."""

import mmap
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.program.crash_state import BEGINS_AT, Clock, Remainder
from restream_agent.stream.flv import AUDIO, VIDEO
from restream_agent.stream.timeline import SHOWN


def test_a_new_broadcast_begins_before_the_program(tmp_path: Path) -> None:
    """Nothing was sent, and no earlier broadcast is resumed. A keyframe that waited has its time."""
    clock = Clock(tmp_path)
    assert (clock.is_resumed, clock.last) == (False, {AUDIO: -1, VIDEO: -1, SHOWN: -1})
    assert BEGINS_AT <= clock.now() < BEGINS_AT + 5000


def test_the_clock_goes_on_in_the_next_process(tmp_path: Path) -> None:
    """It has the same epoch and timestamps, although the first process has closed nothing."""
    first = Clock(tmp_path)
    stamps = {AUDIO: 410, VIDEO: 400, SHOWN: 450}
    first.last.update(stamps)
    first.save()
    before = first.now()
    second = Clock(tmp_path)
    assert (second.is_resumed, second.last) == (True, stamps)
    assert before <= second.now() <= first.now()


def test_a_clock_whose_timestamps_are_far_ahead_is_set_forward(tmp_path: Path) -> None:
    """Timestamps never go back. Otherwise a publisher would wait until the clock has reached them."""
    first = Clock(tmp_path)
    first.last.update({AUDIO: 40_000, VIDEO: 41_000, SHOWN: 900_000})
    first.save()
    for _ in range(2):
        again = Clock(tmp_path)
        assert 41_000 <= again.now() < 46_000
        assert again.end <= 41_500
    assert again.last[VIDEO] == 41_000


def test_stamps_that_were_not_saved_are_not_known(tmp_path: Path) -> None:
    """Therefore the program saves before it sends."""
    first = Clock(tmp_path)
    first.last[AUDIO] = 7
    assert Clock(tmp_path).last[AUDIO] == -1


@pytest.mark.parametrize("content", [b"", b"restream", b"x" * (mmap.PAGESIZE + 1)])
def test_a_clock_of_the_wrong_size_is_begun_anew(tmp_path: Path, content: bytes) -> None:
    """A truncated file is not a clock."""
    (tmp_path / "clock").write_bytes(content)
    assert not Clock(tmp_path).is_resumed


def test_the_clock_counts_milliseconds_of_the_monotonic_clock(tmp_path: Path) -> None:
    """It counts from its beginning."""
    earliest = time.monotonic_ns() - BEGINS_AT * 10**6
    clock = Clock(tmp_path)
    latest = time.monotonic_ns() - BEGINS_AT * 10**6
    deadline = time.monotonic() + 0.05
    while time.monotonic() < deadline:
        before, now, after = time.monotonic_ns(), clock.now(), time.monotonic_ns()
        assert (before - latest) // 10**6 <= now <= (after - earliest) // 10**6


@settings(max_examples=50, deadline=None)
@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=6))
def test_the_rest_that_was_saved_last_is_loaded(
    tmp_path_factory: pytest.TempPathFactory, rests: list[bytes]
) -> None:
    """A shorter rest leaves nothing of a longer rest, and an empty rest leaves nothing."""
    directory = tmp_path_factory.mktemp("rest")
    first = Remainder(directory, "relay-twitch-1")
    for rest in rests:
        first.save(memoryview(rest))
    second = Remainder(directory, "relay-twitch-1")
    assert rests[-1] == second.load()
    for one in (first, second):
        one.remove()


def test_an_empty_rest_after_a_restart_clears_what_the_earlier_process_left(tmp_path: Path) -> None:
    """Otherwise it would be sent twice after the next crash."""
    first = Remainder(tmp_path, "relay-a-1")
    first.save(memoryview(b"half a tag"))
    second = Remainder(tmp_path, "relay-a-1")
    second.save(memoryview(b""))
    assert Remainder(tmp_path, "relay-a-1").load() == b""


def test_relays_have_rests_of_their_own(tmp_path: Path) -> None:
    """Each under the name of its connection in systemd's store."""
    Remainder(tmp_path, "relay-a-1").save(memoryview(b"a"))
    assert Remainder(tmp_path, "relay-a-2").load() == b""


def test_a_relay_that_is_gone_leaves_no_file(tmp_path: Path) -> None:
    """The runtime directory does not fill up."""
    relay = Remainder(tmp_path, "relay-a-1")
    relay.save(memoryview(b"a"))
    relay.remove()
    assert list(tmp_path.iterdir()) == []


def test_how_much_a_relay_was_sent_goes_on(tmp_path: Path) -> None:
    """The positions of tags in the relay's stream are then known to the next process."""
    first = Remainder(tmp_path, "relay-a-1")
    assert first.sent == 0
    first.count(1 << 33)
    assert Remainder(tmp_path, "relay-a-1").sent == 1 << 33
    assert Remainder(tmp_path, "relay-a-2").sent == 0


def test_what_an_earlier_version_has_sent_is_not_known(tmp_path: Path) -> None:
    """It kept the rest of a tag, and did not count; that stays so for the connection."""
    (tmp_path / "relay-a-1.rest").write_bytes(bytes(16))
    relay = Remainder(tmp_path, "relay-a-1")
    relay.count(7)
    assert relay.sent is None


def test_without_room_nothing_is_counted_and_the_rest_of_a_relay_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full /run ends no relay. The next process does not take what was sent for nothing."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    relay = Remainder(tmp_path, "relay-a-1")
    relay.count(7)
    relay.save(memoryview(b"half a tag"))
    assert relay.sent is None
    monkeypatch.undo()
    successor = Remainder(tmp_path, "relay-a-1")
    assert (successor.sent, successor.load()) == (None, b"half a tag")
    relay.remove()
    assert list(tmp_path.iterdir()) == []
