"""The package on a machine in other states than a broadcast of one channel, as steps in this order.

With SRS where it is, as test_upgrade.py plays with nginx-rtmp.
"""

from collections.abc import Iterator

import pytest

from tests.demo.install import ETC
from tests.lab.container import SHARED
from tests.lab.servers import SRS
from tests.system.machine_state import MachineState
from tests.system.packaged import PackagedBroadcast, packaged

pytestmark = pytest.mark.system

AGENT = "restream-agent.service"
MARKS = ("1two", "2off-air", "3stopped", "4forbidden")


@pytest.fixture(scope="module")
def machine() -> Iterator[PackagedBroadcast]:
    """Install the package and apply two channels, each with a platform; nothing is on air."""
    server = "srs" if SRS.exists() else "nginx-rtmp"
    with packaged(server, {mark: {} for mark in MARKS}, has_channels=True) as broadcast:
        yield broadcast


def test_an_upgrade_of_two_channels_on_air(machine: PackagedBroadcast) -> None:
    """Both programs are restarted, and no platform of either notices."""
    machine.come("main")
    machine.come("es")
    machine.wait_live()
    with machine.unharmed("two channels"):
        said = machine.apt("1two")
    assert f"runs; restarted: {AGENT}, fallback.service, fallback@es.service" in said
    assert machine.agent_version().endswith(".1two")


def test_an_upgrade_off_air(machine: PackagedBroadcast) -> None:
    """The agent is the new one, and nothing goes on air for it."""
    for channel in ("main", "es"):
        machine.installation.product("off-air", channel)
    said = machine.apt("2off-air")
    assert f"runs; restarted: {AGENT}" in said
    assert "fallback" not in said
    assert machine.agent_version().endswith(".2off-air")
    assert machine.relays() == {}


def test_a_stopped_agent_stays_stopped(machine: PackagedBroadcast) -> None:
    """It is the new version that starts later. (systemctl cannot mask a unit whose file is in /etc.)"""
    run = machine.installation.container.run
    run(("systemctl", "stop", AGENT, "restream-agent.socket"))
    machine.apt("3stopped")
    assert machine.installation.show(AGENT, "ActiveState") == "inactive"
    run(("systemctl", "start", AGENT))
    machine.installation.container.wait_until(
        lambda: machine.agent_version().endswith(".3stopped"), 20, "the agent"
    )


def test_an_upgrade_where_packages_may_start_nothing(machine: PackagedBroadcast) -> None:
    """policy-rc.d forbids starts by packages; our own restart of what runs is no start, and is said."""
    container = machine.installation.container
    container.write("/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode=0o755)
    said = machine.apt("4forbidden")
    container.run(("rm", "/usr/sbin/policy-rc.d"))
    assert f"restarted: {AGENT}" in said
    assert machine.agent_version().endswith(".4forbidden")


def test_installed_again_after_it_was_removed(machine: PackagedBroadcast) -> None:
    """With the TOML and the keys that stayed: one apply, and it is on air."""
    container = machine.installation.container
    container.run(("apt-get", "--yes", "--quiet", "remove", "restream-agent"), timeout=400)
    machine.apt("")
    machine.installation.product("apply")
    machine.installation.product("on-air")
    machine.installation.wait_on_air(["alpha"])


def test_what_others_have_put_beside_it_stays(machine: PackagedBroadcast) -> None:
    """A drop-in for a unit of ours is the administrator's: it stays. What is mounted is not emptied."""
    container = machine.installation.container
    foreign = f"/etc/systemd/system/{AGENT}.d/site.conf"
    container.run(("mkdir", "-p", foreign.rpartition("/")[0]))
    container.write(foreign, "[Service]\nNice=1\n")
    container.write(f"{ETC}/notes.txt", "written by hand\n")
    disk, purge = "/var/lib/restream-agent/disk", ("apt-get", "--yes", "--quiet", "purge", "restream-agent")
    container.run(("sh", "-ec", f"mkdir {disk}; mount -t tmpfs none {disk}; touch {disk}/video.mp4"))
    refused = container.run(purge, timeout=400, check=False)
    assert f"{disk} is mounted" in refused.stdout + refused.stderr
    container.run(("sh", "-ec", f"ls {disk}/video.mp4 {ETC}/notes.txt; umount {disk}"))
    container.run(purge, timeout=400)
    after = MachineState.of(container)
    left = {line.split()[3] for line in after.files} - {line.split()[3] for line in machine.before.files}
    assert left == {foreign, foreign.rpartition("/")[0]}
    assert after.state == "running"


def test_where_no_systemd_runs(machine: PackagedBroadcast) -> None:
    """As in a chroot while an image is made, the package installs, upgrades and goes."""

    def dpkg(action: str) -> None:
        script = f"mount -t tmpfs none /run/systemd; dpkg {action}"
        machine.installation.container.run(("unshare", "--mount", "sh", "-ec", script), timeout=300)

    for mark in ("", MARKS[0]):
        dpkg(f"--install {SHARED / machine.packages[mark].name}")
    assert machine.dpkg() == ("ii ", machine.version(MARKS[0]))
    dpkg("--purge restream-agent")
    assert machine.dpkg()[1] == ""
