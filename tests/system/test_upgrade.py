"""`apt install ./newer.deb` on air, newer versions that do not come up, a downgrade, and the way out.

The tests are steps of one broadcast, in this order. They print the gaps that the platforms saw (`python -m
pytest -s tests/system/test_upgrade.py`). What dpkg says, which units ran on and how many connections were
lost is judged; milliseconds are not.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.demo.install import ETC, INGEST_KEY, PUBLISH_URL, configuration
from tests.demo.screen import Screen
from tests.demo.watcher import Watcher
from tests.lab.container import SHARED, Container
from tests.lab.flv import is_video_header
from tests.lab.measure import longest_silence
from tests.lab.obs import Obs
from tests.lab.platform import PlatformServer
from tests.system.derived_packages import derive, version_of
from tests.system.installation import TOML, Installation
from tests.system.machine_state import MachineState
from tests.system.test_package import COMMAND, package

pytestmark = pytest.mark.system

NAMES = ("alpha", "beta")
RELAYS = tuple(f"ffmpeg-relay@{name}.service" for name in NAMES)
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


@dataclass
class Upgraded:
    """The broadcast, its packages by the mark of their versions ("" for the first), the machine before."""

    installation: Installation
    packages: dict[str, Path]
    before: MachineState
    watcher: Watcher

    def apt(self, mark: str, *options: str, fails: bool = False) -> str:
        """Install a package with apt, which has to fail if `fails`, and only then; return what was said."""
        file = SHARED / self.packages[mark].name
        argv = ("apt-get", "--yes", "--quiet", "--no-install-recommends", *options, "install", str(file))
        done = self.installation.container.run(argv, timeout=400, check=False)
        said = done.stdout + done.stderr
        assert (done.returncode != 0) == fails, said
        return said

    def dpkg(self) -> tuple[str, str]:
        """Return dpkg's state of the package, such as "ii ", and its version; "", "" if dpkg knows none."""
        argv = ("dpkg-query", "--show", "--showformat=${db:Status-Abbrev}/${Version}", "restream-agent")
        state, _, version = self.installation.container.run(argv, check=False).stdout.partition("/")
        return state, version

    def is_put_back_running(self) -> bool:
        """Whether apt still works on it: the manual pages have a trigger of their own."""
        return self.installation.show("restream-agent-put-back.service", "ActiveState") != "inactive"

    def version(self, mark: str) -> str:
        return version_of(self.packages[mark])

    def agent_version(self) -> str:
        """Return the version that the running agent says."""
        return str(json.loads(self.installation.product("status", "--json"))["version"])

    def relays(self) -> dict[str, str]:
        """Return the run of each relay."""
        return {unit: self.installation.show(unit, "InvocationID") for unit in RELAYS}

    @contextmanager
    def unharmed(self, what: str, *, is_seen: bool = False) -> Iterator[None]:
        """Fail if a platform loses a connection, or a relay is restarted; print the longest gap of each.

        Unless it `is_seen`, no platform may receive another source than live: live goes on.
        """
        before, relays, begun = self.connections(), self.relays(), time.monotonic()
        headers = self.headers()
        yield
        self.watcher.wait_for("live", since=time.monotonic(), timeout=30)
        assert (self.connections(), self.relays()) == (before, relays)
        assert is_seen or self.headers() == headers
        for name, platform in self.installation.platforms.items():
            arrivals = [message.arrived for message in platform.reader.update()[-1].messages]
            gap = longest_silence(arrivals, begun, time.monotonic())
            print(f"{what}: {name} 0 lost connections, longest gap {gap:.0f} ms")

    def headers(self) -> dict[str, int]:
        """Return how many sequence headers of pictures each platform has had: a source begins with one."""
        return {
            name: sum(is_video_header(message) for message in platform.reader.media())
            for name, platform in self.installation.platforms.items()
        }

    def connections(self) -> dict[str, list[tuple[int, bool]]]:
        return {name: self.installation.connections(name) for name in NAMES}


@pytest.fixture(scope="module")
def upgraded() -> Iterator[Upgraded]:
    """Install the package, apply for two platforms, and have OBS on air."""
    first = package()
    with Container() as container:
        packages = {"": container.shared / "restream-agent_first.deb"}
        packages[""].write_bytes(first.read_bytes())
        for mark, edits in {"1new": {}, **BROKEN}.items():
            packages[mark] = derive(first, container.shared, mark, edits)
        platforms = {
            name: PlatformServer(container, name, key=f"{name}-key", port=21000 + 10 * number)
            for number, name in enumerate(NAMES)
        }
        for platform in platforms.values():
            platform.start()
        before = MachineState.of(container)
        toml = configuration("nginx-rtmp", tuple(platforms.values()), hold=600)
        watcher = Watcher(tuple(platforms.values()), Screen())
        installation = Installation(container, "nginx-rtmp", platforms, toml, COMMAND)
        broadcast = Upgraded(installation, packages, before, watcher)
        assert "restarted" not in broadcast.apt("")  # nothing is applied yet
        container.write(TOML, toml)
        for name, key in {"ingest": INGEST_KEY, **{name: f"{name}-key" for name in NAMES}}.items():
            container.write(f"{ETC}/credentials/{name}", f"{key}\n", mode=0o600)
        container.run((COMMAND, "apply"), timeout=120)
        since = time.monotonic()
        Obs(container, PUBLISH_URL).start()
        watcher.wait_for("live", since=since, timeout=30)
        yield broadcast


def test_a_newer_version_runs_and_no_platform_notices(upgraded: Upgraded) -> None:
    """dpkg and the running agent say the new version; the relays run on, and apt says all of this."""
    with upgraded.unharmed("upgrade"):
        said = upgraded.apt("1new")
    assert upgraded.dpkg() == ("ii ", upgraded.version("1new"))
    assert upgraded.agent_version().endswith(".1new")
    assert "runs; restarted: restream-agent.service, fallback.service" in said
    assert "relays that run on, and change at their next start: alpha, beta" in said
    assert f"upgraded from {upgraded.version('')}" in said


@pytest.mark.parametrize("mark", BROKEN)
def test_a_version_that_does_not_come_up_is_put_back(upgraded: Upgraded, mark: str) -> None:
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


def test_an_apply_that_waits_to_be_confirmed_stops_an_upgrade(upgraded: Upgraded) -> None:
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


def test_an_upgrade_that_a_power_off_interrupts_is_put_back_too(upgraded: Upgraded) -> None:
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


def test_a_downgrade_is_an_upgrade_the_other_way(upgraded: Upgraded) -> None:
    """With the same words, and without a platform noticing it."""
    with upgraded.unharmed("downgrade"):
        said = upgraded.apt("", "--allow-downgrades")
    assert upgraded.dpkg() == ("ii ", upgraded.version(""))
    assert not upgraded.agent_version().endswith(".1new")
    assert f"upgraded from {upgraded.version('1new')}" in said


def test_apt_remove_in_the_middle_leaves_toml_keys_and_videos(upgraded: Upgraded) -> None:
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


def test_apt_purge_leaves_the_machine_as_it_was(upgraded: Upgraded) -> None:
    """Files, users, groups, units, runtime directories and the state of the system."""
    container = upgraded.installation.container
    container.run(("apt-get", "--yes", "--quiet", "purge", "restream-agent"), timeout=400)
    left = upgraded.before.differences(MachineState.of(container))
    assert left == [], "\n".join(left)
    assert upgraded.before.state == "running"
