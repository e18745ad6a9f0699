"""A planned restart: live goes on at its next tag. With nothing to go on with it is as after a crash."""

import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from restream_agent.program import handover
from restream_agent.stream.flv import AUDIO, HEADER, VIDEO, encode
from tests.unit.program.program_running import NEVER, LiveSender, RelayReader, RunningProgram
from tests.unit.program.test_loop import (
    FALLBACK,
    FALLBACK_FILE,
    LIVE,
    assert_increasing,
    has_from,
    live_stream,
    padded,
    sourced,
)
from tests.unit.stream.flv_making import FRAME, origin, stream

TIMES = 5


@pytest.fixture
def program(tmp_path: Path) -> Iterator[RunningProgram]:
    """A program that waits for its publisher."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as running:
        yield running


def restart(program: RunningProgram, meanwhile: Callable[[], object] = lambda: None) -> None:
    """Restart the program as planned."""
    program.leave()
    meanwhile()
    program.start()


def live_origins(relay: RelayReader, kind: int) -> list[int]:
    """Return the publisher's timestamps of a track, in the order in which they were sent."""
    return [origin(tag)[1] for tag in sourced(relay) if tag.kind == kind and origin(tag)[0] == LIVE]


def assert_whole(relay: RelayReader) -> None:
    """Check that a relay got one publisher's every tag from the first keyframe on, and nothing else."""
    assert {LIVE} == {origin(tag)[0] for tag in relay.media}
    assert len({tag.timestamp - origin(tag)[1] for tag in relay.media}) == 1
    pictures, sounds = live_origins(relay, VIDEO), live_origins(relay, AUDIO)
    assert pictures == [pictures[0] + FRAME * number for number in range(len(pictures))]
    assert sounds == sorted(set(sounds))
    assert max((later - earlier for earlier, later in pairwise(sounds)), default=0) <= FRAME
    assert_increasing(relay.tags)


def test_live_goes_on_through_restarts_without_a_lost_or_repeated_tag(program: RunningProgram) -> None:
    """And relays that come between and afterwards begin with the current group of pictures."""
    with RelayReader(program) as relay, LiveSender(program, live_stream(20_000)):
        relay.read(has_from(relay, LIVE), "live")
        for _ in range(TIMES):
            relay.read_more(10)
            restart(program)
            with RelayReader(program) as joining:
                joining.read_more(3)
                assert [tag.is_sequence_header for tag in joining.tags[:3]] == [True, True, False]
                assert joining.tags[2].is_keyframe
                assert_whole(joining)
        relay.read_more()
        assert_whole(relay)
    said = program.errors.read_text()
    assert said.count("live: goes on in a new process") == TIMES
    assert said.count("now live") == 1  # no hand-off is counted again


def test_half_a_tag_goes_on_with_its_other_half(program: RunningProgram) -> None:
    """Wherever it was cut: in the FLV header, a tag's head, body or trailer."""
    begun = time.monotonic()
    with RelayReader(program) as relay, program.connect("live") as live:
        send_torn(program, live, HEADER, 5)
        for number, tag in enumerate(stream(LIVE, 0, 3000, group=400)):
            time.sleep(max(0.0, begun + tag.timestamp / 1000 - time.monotonic()))
            send_torn(program, live, encode(tag), TORN.get(number, 0))
        relay.read(lambda: live_origins(relay, VIDEO)[-1:] == [2960], "the last picture")
        assert_whole(relay)


TORN = {1: 8, 2: 3, 9: 12, 30: 11, 61: 27}
"""Where the tag of a number is cut: in its head, body or trailer. A picture has 29 bytes, sound 26."""


def send_torn(program: RunningProgram, live: socket.socket, data: bytes, at: int) -> None:
    """Send data with a restart after so many bytes; without one if there are none."""
    if at:
        live.sendall(data[:at])
        restart(program)
    live.sendall(data[at:])


def test_what_a_slow_relay_has_not_taken_is_sent_by_the_successor(program: RunningProgram) -> None:
    """The queue goes on, the rest of a partly sent tag first."""
    pictures = padded(live_stream(6000), 200_000)
    with RelayReader(program) as relay, LiveSender(program, pictures) as live, RelayReader(program) as other:
        other.read(lambda: len(live_origins(other, VIDEO)) > 20, "live")
        restart(program)
        relay.read(lambda: len(live_origins(relay, VIDEO)) > 40, "what was queued")
        live.stop()
        assert_whole(relay)


def test_a_relay_joins_again_in_the_group_that_was_under_way(tmp_path: Path) -> None:
    """The group of pictures is handed over: a relay need not wait for a keyframe."""
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program,
        RelayReader(program) as relay,
        LiveSender(program, stream(LIVE, 0, 60_000, group=50_000)),
    ):
        relay.read(has_from(relay, LIVE), "live")
        restart(program)
        with RelayReader(program) as joining:
            joining.read_more()
            assert live_origins(joining, VIDEO)[0] == 0


def test_a_program_of_another_channel_hands_over_too(tmp_path: Path) -> None:
    """The player that was let in is one of its own."""
    program = RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER)
    program.channel = ("es",)
    with (
        program,
        RelayReader(program, "ffmpeg-relay@es.twitch.service") as relay,
        LiveSender(program, live_stream(), "live@es.service"),
    ):
        relay.read(has_from(relay, LIVE), "live")
        restart(program)
        relay.read_more()
        assert_whole(relay)


def test_at_a_stop_nothing_is_handed_over(program: RunningProgram) -> None:
    """SIGTERM: `live@` is hung up on, and no file is left."""
    with RelayReader(program) as relay, LiveSender(program, live_stream()) as live:
        relay.read(has_from(relay, LIVE), "live")
        program.leave(signal.SIGTERM)
        assert live.is_closed()
        assert not (program.runtime / "handover").exists()
        assert set(program.stored) == {"relay-r1-1"}


def test_a_publisher_that_ends_meanwhile_is_followed_by_the_fallback(program: RunningProgram) -> None:
    """All that it had sent is shown before."""
    with RelayReader(program) as relay:
        with LiveSender(program, live_stream(1000)) as live:
            relay.read(has_from(relay, LIVE), "live")
            live._thread.join()
            program.leave()
        program.start()
        relay.read(has_from(relay, FALLBACK), "the fallback")
        assert live_origins(relay, VIDEO)[-1] == 960
        assert_increasing(relay.tags)


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def flip(data: bytes) -> bytes:
    return data[:-100] + bytes([data[-100] ^ 1]) + data[-99:]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "cut off": cut,
    "a bit": flip,
    "empty": lambda _: b"",
    "another version": lambda data: data[:8] + bytes([data[8] + 1]) + data[9:],
    "foreign": lambda _: b"\x89PNG" * 1000,
    "longer": lambda data: data + b"more",
    "too large": lambda data: data + bytes(128 * 1024 * 1024),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_as_a_crash(program: RunningProgram, damage: Callable[[bytes], bytes]) -> None:
    """Relays keep their connections, the fallback plays, `live@` connects again, and nothing is left."""
    with RelayReader(program) as relay:
        left = program.runtime / "handover"
        with LiveSender(program, live_stream()) as live:
            relay.read(has_from(relay, LIVE), "live")
            restart(program, lambda: left.write_bytes(damage(left.read_bytes())))
            assert live.is_closed()
        assert (left.exists(), set(program.stored)) == (False, {"relay-r1-1"})
        relay.read(has_from(relay, FALLBACK), "the fallback")
        with LiveSender(program, live_stream()):
            relay.read(has_from(relay, LIVE), "live again")
        assert_increasing(relay.tags)


def as_a_pipe(left: Path) -> None:
    left.unlink()
    left.parent.joinpath("elsewhere").touch()
    left.symlink_to(left.parent / "elsewhere")


@pytest.mark.parametrize("harm", [Path.unlink, as_a_pipe], ids=["no file", "a link"])
def test_without_the_file_live_connects_anew(program: RunningProgram, harm: Callable[[Path], None]) -> None:
    """A full /run, or something else in its place."""
    with RelayReader(program) as relay:
        with LiveSender(program, live_stream()) as live:
            relay.read(has_from(relay, LIVE), "live")
            restart(program, lambda: harm(program.runtime / "handover"))
            assert live.is_closed()
        relay.read(has_from(relay, FALLBACK), "the fallback")


def test_what_an_earlier_process_left_is_not_used(program: RunningProgram) -> None:
    """A version that knows no handover ran in between: its relays have got more since."""
    left, kept = program.runtime / "handover", program.runtime / "kept"
    with RelayReader(program) as relay, LiveSender(program, live_stream(20_000)):
        relay.read(has_from(relay, LIVE), "live")
        restart(program, lambda: shutil.copy(left, kept))
        relay.read_more()
        program.kill()
        kept.rename(left)
        program.start()
        relay.read(has_from(relay, FALLBACK), "the fallback")
        assert not left.exists()
        assert_increasing(relay.tags)


def test_a_killed_program_hands_nothing_over(program: RunningProgram) -> None:
    """After a planned restart, too: systemd no longer has the connection of `live@`."""
    with RelayReader(program) as relay, LiveSender(program, live_stream()) as live:
        relay.read(has_from(relay, LIVE), "live")
        restart(program)
        relay.read_more()
        program.kill()
        assert live.is_closed()
        program.start()
        relay.read(has_from(relay, FALLBACK), "the fallback")


def test_a_version_without_a_handover_gets_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The successor runs the files that are installed, and a connection that it does not know would harm."""
    monkeypatch.setattr(handover, "__file__", str(tmp_path / "removed.py"))
    assert not handover.write(tmp_path, None)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
