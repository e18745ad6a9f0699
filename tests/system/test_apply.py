"""What an edit of the TOML does to a running machine, and what it leaves alone."""

import pytest

from tests.demo.install import ETC, HOLD_SECONDS
from tests.system.stage import Stage, changed

pytestmark = pytest.mark.system

BROADCAST = {"fallback.service", "restream.target", "ffmpeg-relay@alpha.service", "ffmpeg-relay@beta.service"}
SERVERS = {"fallback.socket", "restream-agent.service", "restream-agent.socket", "restream-ingest.service"}
# Passes every call on, so that it can stand first in the PATH.
WITNESS = """\
#!/bin/sh
echo "$*" >> /run/witness.log
exec /usr/bin/systemctl "$@"
"""


def table(stage: Stage, name: str, *, enabled: bool = True) -> str:
    """Return the TOML table of one of the stage's platforms."""
    url = stage.platforms[name].url
    text = f'\n[platforms.{name}]\nurl = "{url}"\nkey = {{ credential = "{name}" }}\n'
    return text if enabled else f"{text}enabled = false\n"


@pytest.fixture
def on_air(stage: Stage) -> dict[str, str]:
    """Put the stage on air and return which runs of its units that is."""
    stage.on_air()
    return stage.runs()


def test_a_first_apply_starts_the_servers_and_no_broadcast(stage: Stage) -> None:
    """After the README's steps, the listener, the ingest server and the sockets run; nothing is on air."""
    assert set(stage.runs()) == SERVERS


def test_a_second_apply_changes_nothing(stage: Stage) -> None:
    """It says so, exits with 0, restarts no unit, and only looks how the last apply of its own went."""
    before = stage.runs(), stage.files(), stage.loads()
    stage.container.write("/usr/local/sbin/systemctl", WITNESS, mode=0o755)
    said = stage.product("apply")
    calls = stage.container.read("/run/witness.log").splitlines()
    stage.container.run(("rm", "/usr/local/sbin/systemctl"))
    after = stage.runs(), stage.files(), stage.loads()
    assert "nothing to change" in said
    assert [call.split()[0] for call in calls] == ["show"]
    assert calls[0].endswith("-- restream-apply.service")
    assert before == after


def test_going_on_air_starts_the_program_and_every_relay(stage: Stage, on_air: dict[str, str]) -> None:
    """`on-air` brings up the target, the program and both relays, and each platform is fed."""
    assert set(on_air) == BROADCAST | SERVERS


def test_a_platform_added_on_air_joins_alone(stage: Stage, on_air: dict[str, str]) -> None:
    """Its relay starts and its platform is fed; the program and the other relays are not touched."""
    stage.container.write(f"{ETC}/credentials/gamma", "gamma-key\n", mode=0o600)
    stage.edit(stage.toml + table(stage, "gamma"))
    stage.wait_on_air(["gamma"])
    assert changed(on_air, stage.runs()) == {
        "ffmpeg-relay@gamma.service": "started",
        "restream-agent.service": "restarted",
    }


def test_a_platform_disabled_on_air_leaves_alone(stage: Stage, on_air: dict[str, str]) -> None:
    """Only its relay stops."""
    assert "ffmpeg-relay@gamma.service" in on_air
    stage.edit(stage.toml.replace(table(stage, "gamma"), table(stage, "gamma", enabled=False)))
    assert changed(on_air, stage.runs()) == {
        "ffmpeg-relay@gamma.service": "stopped",
        "restream-agent.service": "restarted",
    }


def test_a_changed_key_restarts_its_relay_alone(stage: Stage, on_air: dict[str, str]) -> None:
    """After a new key was stored, apply restarts the relay that uses it and nothing else."""
    stage.container.write(f"{ETC}/credentials/beta", "beta-key-of-tomorrow\n", mode=0o600)
    stage.product("apply")
    assert changed(on_air, stage.runs()) == {"ffmpeg-relay@beta.service": "restarted"}
    stage.container.write(f"{ETC}/credentials/beta", "beta-key\n", mode=0o600)
    stage.product("apply")
    stage.wait_on_air(["beta"])


def test_a_changed_stall_reloads_the_program(stage: Stage, on_air: dict[str, str]) -> None:
    """The program takes it on SIGHUP, in the same process; no relay notices."""
    was = stage.show("fallback.service", "ExecReload")
    stage.edit(stage.toml.replace("[ingest]\n", '[ingest]\nstall = "2s"\n'))
    assert changed(on_air, stage.runs()) == {}
    assert was != stage.show("fallback.service", "ExecReload")


def test_a_changed_hold_restarts_the_agent_alone(stage: Stage, on_air: dict[str, str]) -> None:
    """The timer is only armed when OBS goes, so nothing else has to know."""
    stage.edit(stage.toml.replace(f'hold = "{HOLD_SECONDS}s"', 'hold = "77s"'))
    assert changed(on_air, stage.runs()) == {"restream-agent.service": "restarted"}
    assert "OnActiveUSec=1min 17s" in stage.show("restream-off-air.timer", "TimersMonotonic")


def test_a_changed_ingest_timeout_reaches_the_server(stage: Stage, on_air: dict[str, str]) -> None:
    """SRS takes it on SIGHUP in the same process; nginx-rtmp is restarted; the broadcast goes on."""
    was = stage.show("restream-ingest.service", "ExecReload")
    stage.edit(stage.toml.replace("[ingest]\n", '[ingest]\ntimeout = "12s"\n'))
    reloaded = was != stage.show("restream-ingest.service", "ExecReload")
    expected = {} if stage.server == "srs" else {"restream-ingest.service": "restarted"}
    assert (changed(on_air, stage.runs()), reloaded) == (expected, stage.server == "srs")


def test_a_changed_message_is_made_into_a_video(stage: Stage, on_air: dict[str, str]) -> None:
    """By ffmpeg, within restream-apply's confinement; it is there for the next hand-off."""
    current = ("readlink", "/var/lib/restream-agent/fallback/current.flv")
    before = stage.container.run(current).stdout
    stage.edit(stage.toml.replace("We will be right back", "Back at 8"))
    assert before != stage.container.run(current).stdout
    assert changed(on_air, stage.runs()) == {}


def test_a_broken_toml_leaves_everything_running(stage: Stage, on_air: dict[str, str]) -> None:
    """The agent has it applied, that fails with the line in the journal, and no unit or file changes."""
    files = stage.files()
    good = stage.toml
    stage.edit(good + "\n[platforms.delta\n", succeeds=False)
    words = "\n".join(stage.words("restream-apply.service"))
    assert "restream.toml:" in words
    assert "Traceback" not in words
    assert (changed(on_air, stage.runs()), files) == ({}, stage.files())
    stage.edit(good)
    assert changed(on_air, stage.runs()) == {}


def test_off_air_ends_the_broadcast_alone(stage: Stage, on_air: dict[str, str]) -> None:
    """`off-air` stops the program and the relays; the servers go on."""
    stage.product("off-air")
    assert set(stage.runs()) == SERVERS


def test_a_relay_started_off_air_puts_nothing_on_air(stage: Stage) -> None:
    """As with `systemctl restart` of one that is stuck, after the broadcast has ended meanwhile."""
    done = stage.container.run(("systemctl", "restart", "ffmpeg-relay@alpha.service"), check=False)
    assert done.returncode != 0
    assert set(stage.runs()) == SERVERS
