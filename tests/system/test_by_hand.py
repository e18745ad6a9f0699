"""What a person types and reads, on an installation without a platform that answers."""

import pytest

from tests.lab.container import end_group
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

HOLD = "restream-off-air.timer"
PORT = 21000  # of the platform, which nobody serves


def test_apply_says_each_thing_once(applied: Installation) -> None:
    """On a terminal as a list at the end (-v), in the journal as it happens."""
    applied.container.run(("systemctl", "stop", "restream-agent.service"))
    toml = applied.toml.replace('hold = "12s"', 'hold = "13s"')
    applied.container.write(TOML, toml)
    said = applied.product("apply", "-v").splitlines()
    assert not applied.container.is_active("restream-agent.service"), "apply started it"
    applied.container.write(TOML, applied.toml)
    applied.container.run(("systemctl", "start", "restream-apply.service"), timeout=60)
    applied.container.run(("systemctl", "start", "restream-agent.service"))
    logged = applied.words("restream-apply.service")
    for lines in (said, logged):
        names = [line for line in lines if HOLD in line and line.startswith(("update ", "create "))]
        assert names == [f"update /etc/systemd/system/{HOLD}"], lines
        restarts = [line for line in lines if "restart" in line and "restream-agent.service" in line]
        assert len(restarts) <= 1, lines


def test_an_edit_of_the_toml_is_nothing_that_systemctl_warns_of(applied: Installation) -> None:
    """The units are those that apply has installed, whatever the TOML says since."""
    applied.container.run(("touch", TOML))
    for unit in ("restream-agent.service", HOLD):
        done = applied.container.run(("systemctl", "try-restart", unit))
        assert done.stdout + done.stderr == ""


def test_on_air_during_a_hold_ends_the_hold_and_says_so(applied: Installation) -> None:
    """The operator wants the broadcast to stay."""
    assert "on air with the fallback" in applied.product("on-air")
    applied.container.run(("systemctl", "start", HOLD))
    assert applied.container.is_active(HOLD)
    assert "the hold has ended" in applied.product("on-air")
    assert not applied.container.is_active(HOLD)
    assert applied.container.is_active("restream.target")
    assert "on air already" in applied.product("on-air")
    applied.product("off-air")


def test_after_a_broadcast_all_is_as_before_it(applied: Installation) -> None:
    """systemd still knows the units that have run; they are off air all the same."""
    applied.product("on-air")
    applied.product("off-air")
    assert "nothing is on air" in applied.product("fallback", "on", code=1)
    second = '\n[platforms.second]\nurl = "rtmp://127.0.0.1:21001/app"\nkey = { credential = "club" }\n'
    applied.container.write(TOML, applied.toml + second)
    applied.product("apply")
    applied.container.write(TOML, applied.toml)
    applied.product("apply")
    assert "on air with the fallback" in applied.product("on-air")
    applied.product("off-air")


def test_a_relay_that_is_stopped_while_it_connects_has_not_failed(applied: Installation) -> None:
    """ffmpeg exits with 1 then, as it does when a platform refuses it."""
    script = (
        f"import socket, time; s = socket.create_server(('127.0.0.1', {PORT})); s.accept(); time.sleep(99)"
    )
    platform = applied.container.popen(("python3", "-c", script))
    try:
        applied.product("on-air")
        connected = ("ss", "-Htn", "state", "established", f"sport = :{PORT}")
        applied.container.wait_until(
            lambda: applied.container.run(connected).stdout, 20, "the relay to connect"
        )
        applied.product("off-air")
        assert applied.show("ffmpeg-relay@club.service", "ActiveState") == "inactive"
    finally:
        end_group(platform)


def test_the_log_of_the_program_has_its_name(applied: Installation) -> None:
    """A log that mixes units tells them apart."""
    applied.product("on-air")
    applied.product("off-air")
    argv = ("journalctl", "--no-pager", "-o", "short", "-u", "fallback.service", "_COMM=python3")
    lines = applied.container.run(argv).stdout.splitlines()
    assert lines
    assert all(" fallback[" in line for line in lines), lines
