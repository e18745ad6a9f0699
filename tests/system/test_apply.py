"""The effect of an edit of the TOML on a running machine: which units change, and which do not."""

import re

import pytest

from tests.demo.install import ETC, HOLD_SECONDS
from tests.system.installation import Installation, changed

pytestmark = pytest.mark.system

BROADCAST = {"fallback.service", "restream.target", "ffmpeg-relay@alpha.service", "ffmpeg-relay@beta.service"}
PERMANENT_UNITS = {
    "fallback.socket",
    "restream-agent.service",
    "restream-agent.socket",
    "restream-ingest.service",
}
# Logs every call and passes it on; it comes first in the PATH.
WITNESS = """\
#!/bin/sh
echo "$*" >> /run/witness.log
exec /usr/bin/systemctl "$@"
"""


def table(installation: Installation, name: str, *, enabled: bool = True) -> str:
    """Return the TOML table of one of the platforms of the installation."""
    url = installation.platforms[name].url
    text = f'\n[platforms.{name}]\nurl = "{url}"\nkey = {{ credential = "{name}" }}\n'
    return text if enabled else f"{text}enabled = false\n"


@pytest.fixture
def on_air(installation: Installation) -> dict[str, str]:
    """Put the installation on air and return its active units with their invocation ids."""
    installation.on_air()
    return installation.runs()


def test_a_first_apply_starts_the_servers_and_no_broadcast(installation: Installation) -> None:
    """After the README's steps, the listener, the ingest server and the sockets run; nothing is on air."""
    assert set(installation.runs()) == PERMANENT_UNITS


def test_a_second_apply_changes_nothing(installation: Installation) -> None:
    """It says so, exits with 0 and restarts no unit; it only asks systemd and polkit how things are."""
    before = installation.runs(), installation.files(), installation.loads()
    installation.container.write("/usr/local/sbin/systemctl", WITNESS, mode=0o755)
    said = installation.product("apply")
    calls = installation.container.read("/run/witness.log").splitlines()
    installation.container.run(("rm", "/usr/local/sbin/systemctl"))
    after = installation.runs(), installation.files(), installation.loads()
    assert "nothing to change" in said
    assert {call.split()[0] for call in calls} == {"show"}
    assert before == after


def test_going_on_air_starts_the_program_and_every_relay(
    installation: Installation, on_air: dict[str, str]
) -> None:
    """`on-air` brings up the target, the program and both relays, and each platform is fed."""
    assert set(on_air) == BROADCAST | PERMANENT_UNITS


def test_a_platform_added_on_air_joins_alone(installation: Installation, on_air: dict[str, str]) -> None:
    """Its relay starts and its platform is fed; the program and the other relays are not touched."""
    installation.container.write(f"{ETC}/credentials/gamma", "gamma-key\n", mode=0o600)
    installation.edit(installation.toml + table(installation, "gamma"))
    installation.wait_on_air(["gamma"])
    assert changed(on_air, installation.runs()) == {
        "ffmpeg-relay@gamma.service": "started",
        "restream-agent.service": "restarted",
    }


def test_a_platform_disabled_on_air_leaves_alone(installation: Installation, on_air: dict[str, str]) -> None:
    """Only its relay stops."""
    assert "ffmpeg-relay@gamma.service" in on_air
    installation.edit(
        installation.toml.replace(table(installation, "gamma"), table(installation, "gamma", enabled=False))
    )
    assert changed(on_air, installation.runs()) == {
        "ffmpeg-relay@gamma.service": "stopped",
        "restream-agent.service": "restarted",
    }


def test_a_changed_key_restarts_its_relay_alone(installation: Installation, on_air: dict[str, str]) -> None:
    """After a new key was stored, apply restarts the relay that uses it and nothing else."""
    installation.container.write(f"{ETC}/credentials/beta", "beta-key-of-tomorrow\n", mode=0o600)
    installation.product("apply")
    assert changed(on_air, installation.runs()) == {"ffmpeg-relay@beta.service": "restarted"}
    installation.container.write(f"{ETC}/credentials/beta", "beta-key\n", mode=0o600)
    installation.product("apply")
    installation.wait_on_air(["beta"])


def test_a_changed_stall_reloads_the_program(installation: Installation, on_air: dict[str, str]) -> None:
    """The program reloads it on SIGHUP in the same process; no relay notices."""
    was = installation.show("fallback.service", "ExecReload")
    installation.edit(installation.toml.replace("[ingest]\n", '[ingest]\nstall = "2s"\n'))
    assert changed(on_air, installation.runs()) == {}
    assert was != installation.show("fallback.service", "ExecReload")


def test_a_changed_hold_restarts_the_agent_alone(installation: Installation, on_air: dict[str, str]) -> None:
    """The timer starts only when OBS leaves, so no unit restarts."""
    installation.edit(installation.toml.replace(f'hold = "{HOLD_SECONDS}s"', 'hold = "77s"'))
    assert changed(on_air, installation.runs()) == {"restream-agent.service": "restarted"}
    assert "OnActiveUSec=1min 17s" in installation.show("restream-off-air.timer", "TimersMonotonic")


def test_a_changed_ingest_timeout_reaches_the_server(
    installation: Installation, on_air: dict[str, str]
) -> None:
    """SRS reloads it on SIGHUP in the same process; nginx-rtmp is restarted; the broadcast goes on."""
    was = installation.show("restream-ingest.service", "ExecReload")
    installation.edit(installation.toml.replace("[ingest]\n", '[ingest]\ntimeout = "12s"\n'))
    reloaded = was != installation.show("restream-ingest.service", "ExecReload")
    expected = {} if installation.server == "srs" else {"restream-ingest.service": "restarted"}
    assert (changed(on_air, installation.runs()), reloaded) == (expected, installation.server == "srs")


def test_a_changed_message_is_made_into_a_video(installation: Installation, on_air: dict[str, str]) -> None:
    """ffmpeg converts it inside the sandbox of restream-apply, before the next hand-off."""
    current = ("readlink", "/var/lib/restream-agent/fallback/current.flv")
    before = installation.container.run(current).stdout
    installation.edit(installation.toml.replace("We will be right back", "Back at 8"))
    assert before != installation.container.run(current).stdout
    assert changed(on_air, installation.runs()) == {}


def test_a_broken_toml_leaves_everything_running(installation: Installation, on_air: dict[str, str]) -> None:
    """The apply that the agent starts fails, names the line in the journal, and changes no unit or file."""
    files = installation.files()
    good = installation.toml
    installation.edit(good + "\n[platforms.delta\n", succeeds=False)
    words = "\n".join(installation.words("restream-apply.service"))
    assert "restream.toml:" in words
    assert "Traceback" not in words
    assert (changed(on_air, installation.runs()), files) == ({}, installation.files())
    installation.edit(good)
    assert changed(on_air, installation.runs()) == {}


def test_code_that_the_player_would_not_see_is_refused(
    installation: Installation, on_air: dict[str, str]
) -> None:
    """`live@` sees no directory but those of the code: a module behind a link would be missing there."""
    files, good = installation.files(), installation.toml
    find = ("find", "/opt/restream-agent", "-name", "hand_off.py")
    module = installation.container.run(find).stdout.strip()
    installation.container.run(("mv", module, "/srv/hand_off.py"))
    installation.container.run(("ln", "-s", "/srv/hand_off.py", module))
    try:
        installation.edit(re.sub('hold = "[^"]*"', 'hold = "78s"', good), succeeds=False)
    finally:
        installation.container.run(("mv", "/srv/hand_off.py", module))
    words = "\n".join(installation.words("restream-apply.service"))
    assert "does not run restream-agent in the file system of live@.service" in words
    assert "No module named 'restream_agent.stream.hand_off'" in words
    installation.edit(good)
    assert (changed(on_air, installation.runs()), files) == ({}, installation.files())


def test_off_air_ends_the_broadcast_alone(installation: Installation, on_air: dict[str, str]) -> None:
    """`off-air` stops the program and the relays; the servers go on."""
    installation.product("off-air")
    assert set(installation.runs()) == PERMANENT_UNITS


def test_a_relay_started_off_air_puts_nothing_on_air(installation: Installation) -> None:
    """As after `systemctl restart` of a relay that is stuck, when the broadcast has ended meanwhile."""
    done = installation.container.run(("systemctl", "restart", "ffmpeg-relay@alpha.service"), check=False)
    assert done.returncode != 0
    assert set(installation.runs()) == PERMANENT_UNITS
