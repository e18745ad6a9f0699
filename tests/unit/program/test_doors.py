"""The program's doors: who is let in, and what a unit that connects again and again can do."""

import resource
import socket
from pathlib import Path

import pytest

from restream_agent.program import doors
from restream_agent.program.doors import Door, unit_in
from restream_agent.systemd.unit_names import relay_of
from tests.lab.deadline import wait_until
from tests.unit.program.program_running import NEVER, PATIENCE, LiveSender, RelayReader, RunningProgram
from tests.unit.program.test_loop import FALLBACK, FALLBACK_FILE, LIVE, has_from, live_stream

RELAY = "ffmpeg-relay@twitch.service"


@pytest.mark.parametrize(
    ("cgroups", "unit"),
    [
        (f"0::/restream.slice/{RELAY}\n", RELAY),
        (f"0::/system.slice/system-ffmpeg\\x2drelay.slice/{RELAY}\n", RELAY),
        (f"12:memory:/\n1:name=systemd:/restream.slice/{RELAY}\n0::/\n", RELAY),
        (f"0::/outer.service/restream.slice/{RELAY}\n", RELAY),
        (f"0::/user.slice/user-1000.slice/user@1000.service/app.slice/{RELAY}\n", ""),
        (f"0::/restream.slice/{RELAY}/inside\n", ""),
        ("0::/user.slice/user-0.slice/session-1.scope\n", ""),
        ("", ""),
    ],
    ids=["in our slice", "before the slice", "cgroup v1", "in a container", "a user's unit", "below a unit",
         "a login", "no process"],
)  # fmt: skip
def test_the_cgroup_tells_the_unit(cgroups: str, unit: str) -> None:
    """A user's own manager can name units as it likes; they do not count."""
    assert unit_in(cgroups) == unit


@pytest.mark.parametrize(
    ("door", "unit"),
    [
        ("relay", "live@main.service"),
        ("live", RELAY),
        ("relay", "nginx.service"),
        ("live", "nginx.service"),
    ],
)
def test_a_door_is_for_its_own_units(tmp_path: Path, door: str, unit: str) -> None:
    """Another unit's connection is closed without a byte; live@ and the relays go on."""
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program,
        RelayReader(program) as relay,
        LiveSender(program, live_stream()),
    ):
        relay.read(has_from(relay, LIVE), "live")
        with program.connect(door, unit) as stranger:
            assert stranger.recv(1) == b""
        relay.read_more()
        assert has_from(relay, LIVE)()
    assert f"{door}.sock: a connection is refused, it comes from {unit}" in program.errors.read_text()


def test_a_channel_s_program_lets_in_its_own_units_alone(tmp_path: Path) -> None:
    """A unit of `main` or of another channel is refused, even if it could reach the socket."""
    of_es = RunningProgram(tmp_path, FALLBACK_FILE, opening=0)
    of_es.channel = ("es",)
    with (
        of_es as program,
        program.connect("relay", "ffmpeg-relay@es.twitch.service"),
        program.connect("live", "live@es.service"),
    ):
        program.wait(lambda: "relay-twitch-1" in program.stored, "the relay")
        for door, unit in (
            ("relay", RELAY),
            ("relay", "ffmpeg-relay@en.twitch.service"),
            ("live", "live@main.service"),
        ):
            with program.connect(door, unit) as stranger:
                assert stranger.recv(1) == b""
    assert "live: connected" in program.errors.read_text()


def test_a_thousand_connections_of_one_relay_cost_the_others_nothing(tmp_path: Path) -> None:
    """It has at most one place in the store of systemd; the program goes on and lets others in."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=0) as program, RelayReader(program) as relay:
        relay.read(has_from(relay, FALLBACK), "the fallback")
        flood = []
        for _ in range(1100):
            flood.append(program.connect("relay", RELAY))
            if len(flood) > 900:  # pytest has 1024 descriptors
                flood.pop(0).close()
        relay.read_more()
        assert len([name for name in program.stored if "twitch" in name]) <= 1
        with RelayReader(program) as another:
            another.read(has_from(another, FALLBACK), "the fallback")
        for connection in flood:
            connection.close()


def test_a_relay_that_connects_again_replaces_its_older_connection(tmp_path: Path) -> None:
    """The older connection may be half dead; after the pause of a restart the new one gets the stream."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=0) as program:
        older = program.connect("relay", RELAY)
        program.wait(lambda: "relay-twitch-1" in program.stored, "the older connection")
        wait_until(lambda: connects_again(program), PATIENCE, "the newer connection")
        program.wait(lambda: "relay-twitch-1" not in program.stored, "the older to be forgotten")
        older.settimeout(PATIENCE)
        while older.recv(1 << 20):
            pass
        older.close()


def connects_again(program: RunningProgram) -> bool:
    """Connect as the relay, as often as its unit would."""
    with program.connect("relay", RELAY) as newer:
        newer.settimeout(0.3)
        try:
            return bool(newer.recv(1))
        except TimeoutError:
            return False


def test_of_two_stored_connections_of_a_relay_the_newer_is_kept(tmp_path: Path) -> None:
    """A program before the doors may have stored both."""
    program = RunningProgram(tmp_path, FALLBACK_FILE, opening=0)
    ends = [socket.socketpair() for _ in range(2)]
    program.stored = {"relay-a-7": ends[0][0], "relay-a-3": ends[1][0]}
    with program:
        program.wait(lambda: list(program.stored) == ["relay-a-7"], "the older to be forgotten")
        assert ends[1][1].recv(1) == b""
    for _, end in ends:
        end.close()


def test_without_descriptors_a_connection_is_turned_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It does not wait for ever, which would wake the loop again and again; nothing is raised."""
    monkeypatch.setattr(doors, "unit_of", lambda _: RELAY)
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "relay.sock"))
        listener.listen()
        door = Door(listener, relay_of)
        client.connect(str(tmp_path / "relay.sock"))
        with socket.socket() as next_free:
            lowest = next_free.fileno()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
        try:
            assert door.accept() is None
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        client.settimeout(PATIENCE)
        assert client.recv(1) == b""
        with socket.socket(socket.AF_UNIX) as later:
            later.connect(str(tmp_path / "relay.sock"))
            accepted = door.accept()
            assert accepted is not None
            accepted[0].close()
    assert "relay.sock: a connection is refused, Too many open files" in capfd.readouterr().err
