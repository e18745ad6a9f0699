"""`apt install ./newer.deb` on air, newer versions that do not come up, a downgrade, and the way out.

The tests are steps of one broadcast, in this order. They print the gaps that the platforms saw (`python -m
pytest -s tests/system/test_upgrade.py`). What dpkg says, which units ran on and how many connections were
lost is judged; milliseconds are not.
"""

from collections.abc import Iterator

import pytest

from tests.demo.install import ETC
from tests.lab.container import SHARED
from tests.system.machine_state import MachineState
from tests.system.packaged import PackagedBroadcast, packaged

pytestmark = pytest.mark.system

PUT_BACK_WITHIN = 180  # seconds; dpkg unpacks 2,700 files on a busy machine
REFUSAL = """\
from restream_agent.base.errors import RestreamError
raise RestreamError("this version refuses the configuration")
"""
# In the order of versions, so that each is newer than the one before.
BROKEN = {
    "2check": {"deploy/machine_check.py": REFUSAL},
    "3agent": {"agent/service.py": "import a_module_that_is_not_there\n"},
    "4program": {"program/__main__.py": "raise SystemExit('this program ends at once')\n"},
    "5python": {"cli/main.py": "import a_module_that_is_not_there\n"},
}


@pytest.fixture(scope="module")
def upgraded() -> Iterator[PackagedBroadcast]:
    """Install the package, apply for two platforms, and have OBS on air."""
    with packaged("nginx-rtmp", {"1new": {}, **BROKEN}) as broadcast:
        broadcast.come()
        broadcast.wait_live()
        yield broadcast


def test_a_newer_version_runs_and_no_platform_notices(upgraded: PackagedBroadcast) -> None:
    """dpkg and the running agent say the new version; the relays run on, and apt says all of this."""
    with upgraded.unharmed("upgrade"):
        said = upgraded.apt("1new")
    assert upgraded.dpkg() == ("ii ", upgraded.version("1new"))
    assert upgraded.agent_version().endswith(".1new")
    assert "runs; restarted: restream-agent.service, fallback.service" in said
    assert "relays that run on, and change at their next start: alpha, beta" in said
    assert f"upgraded from {upgraded.version('')}" in said


@pytest.mark.parametrize("mark", BROKEN)
def test_a_version_that_does_not_come_up_is_put_back(upgraded: PackagedBroadcast, mark: str) -> None:
    """apt fails and says so; a moment later dpkg, the files and what runs are those of before."""
    good = upgraded.version("1new")
    with upgraded.unharmed(mark, is_seen=mark == "4program"):
        said = upgraded.apt(mark, fails=True)
        assert f"this version does not come up, see above; {good} is put back" in said
        assert upgraded.agent_version().endswith(".1new")
        upgraded.installation.container.wait_until(
            lambda: upgraded.dpkg() == ("ii ", good) and not upgraded.is_put_back_running(),
            PUT_BACK_WITHIN,
            "dpkg to have the version of before",
        )
    run = upgraded.installation.container.run
    assert run(("dpkg", "--audit")).stdout == ""
    assert run(("dpkg", "--verify", "restream-agent")).stdout == ""
    assert (
        run(("sh", "-c", "ls -d /usr/lib/restream-agent.* /var/lib/restream-agent/put-back || true")).stdout
        == ""
    )
    assert upgraded.installation.product("diff") == ""


def test_an_apply_that_waits_to_be_confirmed_stops_an_upgrade(upgraded: PackagedBroadcast) -> None:
    """Before anything is unpacked, and apt says what to do."""
    before = upgraded.dpkg()
    copy = upgraded.installation.toml.replace("right back", "back soon")
    upgraded.installation.container.write("/root/copy.toml", copy)
    with upgraded.unharmed("an apply waits"):
        upgraded.installation.product("apply", "--config", "/root/copy.toml", "--confirm", "10min")
        said = upgraded.apt("3agent", fails=True)
        assert "restream-agent confirm keeps it" in said
        assert upgraded.dpkg() == before
        upgraded.installation.product("take-back")


def test_an_upgrade_that_a_power_off_interrupts_is_put_back_too(upgraded: PackagedBroadcast) -> None:
    """The files of one version are there, unconfigured; the next one does not come up and is not kept."""
    good = upgraded.version("1new")
    container = upgraded.installation.container
    with upgraded.unharmed("interrupted"):
        container.run(("dpkg", "--unpack", str(SHARED / upgraded.packages["2check"].name)), timeout=300)
        argv = ("dpkg", "--install", str(SHARED / upgraded.packages["3agent"].name))
        said = container.run(argv, timeout=400, check=False)
        assert f"this version does not come up, see above; {good} is put back" in said.stderr
        container.wait_until(
            lambda: upgraded.dpkg() == ("ii ", good) and not upgraded.is_put_back_running(),
            PUT_BACK_WITHIN,
            "dpkg to have the version of before",
        )
    assert container.run(("dpkg", "--verify", "restream-agent")).stdout == ""


def test_a_downgrade_is_an_upgrade_the_other_way(upgraded: PackagedBroadcast) -> None:
    """With the same words, and without a platform noticing it."""
    with upgraded.unharmed("downgrade"):
        said = upgraded.apt("", "--allow-downgrades")
    assert upgraded.dpkg() == ("ii ", upgraded.version(""))
    assert not upgraded.agent_version().endswith(".1new")
    assert f"downgraded from {upgraded.version('1new')}" in said


def test_apt_remove_in_the_middle_leaves_toml_keys_and_videos(upgraded: PackagedBroadcast) -> None:
    """The broadcast ends; no unit, no file of apply and no runtime directory is left."""
    container = upgraded.installation.container
    said = container.run(("apt-get", "--yes", "--quiet", "remove", "restream-agent"), timeout=400).stdout
    assert "1 on air, ended first:\n    main\n" in said
    after = MachineState.of(container)
    assert (after.units, after.unit_files, after.state) == (
        upgraded.before.units,
        upgraded.before.unit_files,
        "running",
    )
    left = {line.split()[3] for line in after.files} - {line.split()[3] for line in upgraded.before.files}
    kept = ("/etc/restream-agent", "/var/lib/restream-agent")
    assert {path for path in left if not path.startswith(kept)} == set()
    assert {f"{ETC}/restream.toml", f"{ETC}/credentials/alpha"} - left == set()


def test_apt_purge_leaves_the_machine_as_it_was(upgraded: PackagedBroadcast) -> None:
    """Files, users, groups, units, runtime directories and the state of the system."""
    container = upgraded.installation.container
    container.run(("apt-get", "--yes", "--quiet", "purge", "restream-agent"), timeout=400)
    left = upgraded.before.differences(MachineState.of(container))
    assert left == [], "\n".join(left)
    assert upgraded.before.state == "running"
