"""A broadcast of the Debian package, and what an upgrade of it must not do to the platforms."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.channels import url_of
from tests.demo.install import ETC, INGEST_KEY, configuration
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

NAMES = ("alpha", "beta")
SPANISH = """
[channels.es]
key = { credential = "es" }

[channels.es.platforms.beta]
url = "URL"
key = { credential = "beta" }
"""


@dataclass
class PackagedBroadcast:
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
        runs = self.installation.runs()
        return {unit: run for unit, run in runs.items() if unit.startswith("ffmpeg-relay@")}

    @contextmanager
    def unharmed(self, what: str, *, is_seen: bool = False) -> Iterator[None]:
        """Fail if a platform loses a connection, or a relay is restarted; print the longest gap of each.

        Unless it `is_seen`, no platform may receive another source than live: live goes on.
        """
        before, relays, begun = self.connections(), self.relays(), time.monotonic()
        headers = self.headers()
        yield
        self.wait_live()
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
        return {name: self.installation.connections(name) for name in self.installation.platforms}

    def come(self, channel: str = "main") -> None:
        """Have an OBS publish to a channel."""
        Obs(self.installation.container, url_of(channel)).start()

    def wait_live(self) -> None:
        """Wait until every platform receives live."""
        self.watcher.wait_for("live", since=time.monotonic(), timeout=30)


@contextmanager
def packaged(
    server: str, edits: Mapping[str, Mapping[str, str]], *, has_channels: bool = False
) -> Iterator[PackagedBroadcast]:
    """Install the package, and apply for two platforms: of one channel, or of a channel each.

    `edits` has for each mark of a derived package what it changes (derived_packages.py).
    """
    first = package()
    with Container() as container:
        packages = {"": container.shared / "restream-agent_first.deb"}
        packages[""].write_bytes(first.read_bytes())
        for mark, changes in edits.items():
            packages[mark] = derive(first, container.shared, mark, changes)
        platforms = {
            name: PlatformServer(container, name, key=f"{name}-key", port=21000 + 10 * number)
            for number, name in enumerate(NAMES)
        }
        for platform in platforms.values():
            platform.start()
        before = MachineState.of(container)
        of_main = tuple(platforms.values())[: 1 if has_channels else None]
        toml = configuration(server, of_main, hold=600)
        if has_channels:
            toml += SPANISH.replace("URL", platforms["beta"].url)
        watcher = Watcher(tuple(platforms.values()), Screen())
        installation = Installation(container, server, platforms, toml, COMMAND)
        broadcast = PackagedBroadcast(installation, packages, before, watcher)
        assert "restarted" not in broadcast.apt("")  # nothing is applied yet
        container.write(TOML, toml)
        keys = {"ingest": INGEST_KEY, "es": f"es-{INGEST_KEY}"} | {name: f"{name}-key" for name in NAMES}
        for name, key in keys.items():
            container.write(f"{ETC}/credentials/{name}", f"{key}\n", mode=0o600)
        container.run((COMMAND, "apply"), timeout=120)
        yield broadcast
