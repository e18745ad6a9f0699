"""The program as a process: what a relay receives through ends, garbage, slow neighbours and SIGKILL."""

import signal
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO, Tag, encode
from tests.unit.program.program_running import NEVER, PATIENCE, LiveSender, RelayReader, RunningProgram
from tests.unit.stream.flv_making import is_silence, origin, picture, stream

FALLBACK, LIVE = 0, 1
FALLBACK_FILE = stream(FALLBACK, 0, 3000, group=1000)


def live_stream(length: int = 8000) -> list[Tag]:
    """Return a live stream that can be cut to often."""
    return stream(LIVE, 0, length, group=400)


def padded(tags: list[Tag], size: int) -> list[Tag]:
    """Make pictures large, and leave their origin at the end."""
    return [
        Tag(tag.kind, tag.timestamp, tag.body[:5] + bytes(size) + tag.body[5:])
        if tag.kind == VIDEO and tag.is_media
        else tag
        for tag in tags
    ]


def has_from(relay: RelayReader, source: int) -> Callable[[], bool]:
    """Return whether the newest tag that the relay got is from a source; silence is from none."""
    return lambda: bool(sourced(relay)) and origin(sourced(relay)[-1])[0] == source


def sourced(relay: RelayReader) -> list[Tag]:
    """Return what the relay got of live and of the fallback, without the silence in a pause of either."""
    return [tag for tag in relay.media if not is_silence(tag)]


def assert_increasing(tags: list[Tag]) -> None:
    """Check that timestamps strictly increase in each stream."""
    for kind in (AUDIO, VIDEO):
        stamps = [tag.timestamp for tag in tags if tag.kind == kind and tag.is_media]
        assert all(first < second for first, second in pairwise(stamps))


def test_a_broadcast_without_a_publisher_opens_with_the_fallback(tmp_path: Path) -> None:
    """READY=1 comes at once; after `opening` a relay gets sequence headers, then a keyframe."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=300) as program, RelayReader(program) as relay:
        relay.read(has_from(relay, FALLBACK), "the fallback")
        assert [tag.is_sequence_header for tag in relay.tags[:2]] == [True, True]
        assert relay.tags[2].is_keyframe
        assert relay.tags[2].timestamp >= 300
        program.wait(lambda: program.said("STATUS=fallback, 1 relay"), "the status in words")


def test_a_broadcast_with_a_publisher_opens_with_live_and_falls_back_when_it_ends(tmp_path: Path) -> None:
    """Live begins at its keyframe; when its stream ends, the fallback begins at its start."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        with LiveSender(program, live_stream()):
            relay.read(has_from(relay, LIVE), "live")
            relay.read_more(40)
        relay.read(has_from(relay, FALLBACK), "the fallback")
        first = next(tag for tag in sourced(relay) if origin(tag)[0] == FALLBACK)
        assert (origin(relay.media[0])[0], relay.media[0].is_keyframe) == (LIVE, True)
        assert (origin(first), first.is_keyframe) == ((FALLBACK, 0), True)
        assert_increasing(relay.tags)


BROKEN = {
    "garbage": b"\x00garbage" * 20,
    "giant tag": b"\x09\xff\xff\xff" + bytes(20),
    "wrong trailer": encode(picture(0, LIVE, is_keyframe=True))[:-1] + b"\xff",
    "a second header": b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00",
    "a picture shown 899 s after its time": encode(Tag(VIDEO, 0, b"\x17\x01\x0d\xb7\xb8" + bytes(9))),
    "more tags than a stream has": encode(Tag(AUDIO, 0, b"\xaf\x01\x00")) * 20_001,
}
QUIET = {"half a tag, then nothing": encode(picture(0, LIVE, is_keyframe=True))[:9], "silence": b""}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_a_live_stream_that_breaks_is_dropped_and_the_program_goes_on(tmp_path: Path, broken: bytes) -> None:
    """The connection is closed, the fallback plays, and the next publisher is shown again."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program:
        assert_drops_and_goes_on(program, broken)


@pytest.mark.parametrize("quiet", QUIET.values(), ids=QUIET.keys())
def test_a_live_stream_that_falls_silent_is_dropped_and_the_program_goes_on(
    tmp_path: Path, quiet: bytes
) -> None:
    """The same, after `silence`: of seconds, as a publisher on a busy machine pauses, too."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER, silence=4000) as program:
        assert_drops_and_goes_on(program, quiet)


def assert_drops_and_goes_on(program: RunningProgram, end: bytes) -> None:
    """Check what comes after a live stream that ends so."""
    with RelayReader(program) as relay:
        with LiveSender(program, live_stream()) as live:
            relay.read(has_from(relay, LIVE), "live")
            live.stop()
            live.socket.sendall(end)
            assert live.is_closed()
        relay.read(has_from(relay, FALLBACK), "the fallback")
        with LiveSender(program, live_stream()):
            relay.read(has_from(relay, LIVE), "the next publisher")
        assert_increasing(relay.tags)


def test_garbage_from_the_start_never_reaches_a_relay(tmp_path: Path) -> None:
    """A connection without FLV is closed, and the broadcast opens as without it."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=500) as program, RelayReader(program) as relay:
        with program.connect("live") as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert connection.recv(1) == b""
        relay.read_more()
        assert {FALLBACK} == {origin(tag)[0] for tag in sourced(relay)}


def test_a_relay_that_never_reads_costs_bounded_memory_and_harms_no_other_relay(tmp_path: Path) -> None:
    """Of 64 MB another relay gets every picture, and the program needs less than 48 MB more."""
    size, wanted = 1_000_000, 64
    pictures = padded(live_stream(4000), size)
    limits = {"queue_size": 16_000_000, "queue_milliseconds": 60_000}
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER, **limits) as program,
        RelayReader(program) as relay,
        RelayReader(program),
    ):
        before = peak_memory(program.process.pid)
        with LiveSender(program, pictures):
            relay.read(lambda: len(sent_pictures(relay)) >= wanted, "all pictures")
        stamps = [origin(tag)[1] for tag in sent_pictures(relay)]
        assert [first + 40 for first in stamps[: wanted - 1]] == stamps[1:wanted]
        assert peak_memory(program.process.pid) - before < 48_000_000


def sent_pictures(relay: RelayReader) -> list[Tag]:
    """Return the live pictures that a relay got."""
    return [tag for tag in relay.media if tag.kind == VIDEO and origin(tag)[0] == LIVE]


def peak_memory(pid: int) -> int:
    """Return the most memory that a process has had resident so far, in bytes; see proc(5)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def test_after_a_sigkill_the_same_connection_goes_on(tmp_path: Path) -> None:
    """The stored socket gets valid FLV without a second header, with timestamps that go on."""
    with RunningProgram(tmp_path, FALLBACK_FILE, standby=True) as program, RelayReader(program) as relay:
        relay.read_more()
        program.wait(lambda: len(program.stored) == 1, "the stored connection")
        program.kill()
        end, recorded = len(relay.tags), recorded_clock(program)
        assert recorded >= max(tag.timestamp for tag in relay.media if tag.kind == VIDEO)
        program.start()
        relay.read_more()
        assert len(relay.tags) > end
        assert_increasing(relay.tags)
        assert next(iter(program.stored)).startswith("relay-r1-")


def test_live_comes_back_on_the_same_connection_after_a_sigkill(tmp_path: Path) -> None:
    """A killed program loses the publisher's connection, and `live@` connects again."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        with LiveSender(program, live_stream()):
            relay.read(has_from(relay, LIVE), "live")
            program.wait(lambda: len(program.stored) == 1, "the stored connection")
            program.kill()
        program.start()
        with LiveSender(program, live_stream()):
            relay.read(has_from(relay, FALLBACK), "the fallback")
            relay.read(has_from(relay, LIVE), "live again")
        assert_increasing(relay.tags)


@pytest.mark.parametrize("kills", [1, 3])
def test_a_partly_sent_tag_is_finished_after_a_sigkill(tmp_path: Path, kills: int) -> None:
    """The relay's socket is full. After any number of kills no byte is missing or repeated."""
    large = padded(FALLBACK_FILE, 100_000)
    with RunningProgram(tmp_path, large, standby=True) as program, RelayReader(program) as relay:
        program.wait(lambda: len(program.stored) == 1, "the stored connection")
        rest = program.runtime / f"{next(iter(program.stored))}.rest"
        program.wait(lambda: is_kept(rest), "a socket that is full")
        for _ in range(kills):
            program.kill()
            program.start()
            program.wait(lambda: program.said("STATUS="), "the first look")
        before = recorded_clock(program)
        relay.read(
            lambda: any(tag.timestamp > before for tag in relay.media), "what came after the last kill"
        )
        assert_increasing(relay.tags)


def is_kept(rest: Path) -> bool:
    """Whether the rest of a partly sent tag is in the file as a whole; see crash_state.Remainder."""
    data = rest.read_bytes() if rest.exists() else b""
    return 0 < int.from_bytes(data[8:16], "little") <= len(data) - 16


def recorded_clock(program: RunningProgram) -> int:
    """Return the last picture's timestamp that the program has recorded, in ms; see crash_state.Clock."""
    data = (program.runtime / "clock").read_bytes()
    return int.from_bytes(data[24:32], "little", signed=True)


def test_a_relay_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    """Its socket leaves the store, and its rest the runtime directory."""
    with RunningProgram(tmp_path, FALLBACK_FILE, standby=True) as program:
        with RelayReader(program) as relay:
            relay.read_more()
            program.wait(lambda: len(program.stored) == 1, "the stored connection")
        program.wait(lambda: not program.stored, "the empty store")
        program.wait(lambda: not list(program.runtime.glob("*.rest")), "no rests")


def test_a_relay_that_died_while_the_program_was_down_is_noticed(tmp_path: Path) -> None:
    """The program sees that the other end of a restored connection is closed."""
    with RunningProgram(tmp_path, FALLBACK_FILE, standby=True) as program:
        with RelayReader(program) as relay:
            relay.read_more()
            program.wait(lambda: len(program.stored) == 1, "the stored connection")
            program.kill()
        program.start()
        program.wait(lambda: not program.stored, "the empty store")


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "[1]", '{"fallback": null}', '{"unknown": 1}'])
def test_broken_settings_at_a_reload_change_nothing(tmp_path: Path, content: str) -> None:
    """An error is logged, and the broadcast goes on as it was."""
    with RunningProgram(tmp_path, FALLBACK_FILE, standby=True) as program, RelayReader(program) as relay:
        program.settings.write_text(content)
        program.process.send_signal(signal.SIGHUP)
        program.wait(
            lambda: "going on with the settings as they were" in program.errors.read_text(), "an error"
        )
        relay.read_more()


def test_the_operators_break_is_taken_at_a_reload(tmp_path: Path) -> None:
    """A publisher is connected, but the fallback plays until the break is over."""
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program,
        RelayReader(program) as relay,
        LiveSender(program, live_stream(20_000)),
    ):
        relay.read(has_from(relay, LIVE), "live")
        (program.operator / "break").touch()
        program.process.send_signal(signal.SIGHUP)
        relay.read(has_from(relay, FALLBACK), "the break")
        (program.operator / "break").unlink()
        program.process.send_signal(signal.SIGHUP)
        relay.read(has_from(relay, LIVE), "live again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_not_a_failure(tmp_path: Path, number: signal.Signals) -> None:
    """The process ends by itself, with status 0."""
    with RunningProgram(tmp_path, FALLBACK_FILE, standby=True) as program:
        program.process.send_signal(number)
        assert program.process.wait(PATIENCE) == 0


def test_the_watchdog_is_fed(tmp_path: Path) -> None:
    """It is fed several times, although nothing else happens."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program:
        program.wait(lambda: sum("WATCHDOG=1" in one for one in program.messages) >= 3, "WATCHDOG=1")


def test_without_any_fallback_live_is_still_shown(tmp_path: Path) -> None:
    """A file that cannot be played is logged, and does not end the program."""
    with (
        RunningProgram(tmp_path, [], standby=True) as program,
        RelayReader(program) as relay,
        LiveSender(program, live_stream()),
    ):
        relay.read(has_from(relay, LIVE), "live")
        assert "no fallback can be played" in program.errors.read_text()
