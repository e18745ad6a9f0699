"""A product installed in a container, with the queries and actions of the system tests."""

import json
import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.demo.install import ETC, PROGRAM, install
from tests.demo.screen import Screen
from tests.lab.container import Container, end_group
from tests.lab.outside import connect_another_computer
from tests.lab.platform import PlatformServer, is_listening

TOML = f"{ETC}/restream.toml"
SETTLED = 20.0  # seconds within which an edit is applied, on a busy machine
UNWATCHED = "\n[agent]\nwatch = false\n"
OURS = ("restream*", "ffmpeg-relay@*", "fallback.*", "live@*")


@dataclass
class Installation:
    """The container, its ingest server's name, and the platforms by name; `toml` is the applied TOML."""

    container: Container
    server: str
    platforms: dict[str, PlatformServer]
    toml: str = field(default="")
    program: str = PROGRAM

    def product(self, *arguments: str, code: int = 0) -> str:
        """Run restream-agent inside; return both outputs, and fail on an exit code other than `code`."""
        done = self.container.run((self.program, *arguments), timeout=120, check=False)
        output = done.stdout + done.stderr
        assert code == done.returncode, output
        return output

    def state(self) -> object:
        """Return the state in `status`: off air, opening, live or fallback."""
        return json.loads(self.product("status", "--json"))["state"]

    def show(self, unit: str, prop: str) -> str:
        """Return one property of a unit."""
        return self.container.run(("systemctl", "show", "-P", prop, "--", unit)).stdout.strip()

    def loads(self) -> str:
        """Return when systemd last reloaded its unit files, in µs of the monotonic clock."""
        return self.container.run(("systemctl", "show", "-P", "UnitsLoadTimestampMonotonic")).stdout

    def runs(self) -> dict[str, str]:
        """Return each active unit of the product with its invocation id."""
        return runs_in(self.container)

    def edit(self, toml: str, *, succeeds: bool = True) -> None:
        """Save the TOML as an editor would, and wait until it is applied on behalf of the agent."""
        assert toml != self.container.read(TOML), "the edit changes nothing"
        before = len(self.applied())
        self.container.write(TOML, toml)
        self.container.wait_until(lambda: len(self.applied()) > before, SETTLED, "the edit to be applied")
        assert succeeds == self.applied()[-1], "\n".join(self.words("restream-apply.service"))
        if succeeds:
            self.toml = toml

    def applied(self) -> list[bool]:
        """Return for each ended run of restream-apply.service whether systemd says that it succeeded."""
        argv = ("journalctl", "--no-pager", "-o", "cat", "-u", "restream-apply.service", "_PID=1")
        lines = self.container.run(argv, check=False).stdout.splitlines()
        ends = [line for line in lines if line.startswith(("Finished ", "Failed to start "))]
        return [line.startswith("Finished ") for line in ends]

    def words(self, unit: str, *, lines: int = 30) -> list[str]:
        """Return the last lines that a unit wrote to the journal."""
        argv = ("journalctl", "--no-pager", "-o", "cat", "-n", str(lines), "-u", unit)
        return self.container.run(argv).stdout.splitlines()

    def wait_on_air(self, names: Iterable[str]) -> None:
        """Wait until each platform has an open connection with media."""
        for name in names:
            self.container.wait_until(partial(self.is_fed, name), SETTLED, f"{name} to be on air")

    def is_fed(self, name: str) -> bool:
        """Tell whether a platform has an open connection with media."""
        reader = self.platforms[name].reader
        reader.update()
        return any(connection.closed is None for connection in reader.published())

    def connections(self, name: str) -> list[tuple[int, bool]]:
        """Return for each connection on which a platform had media its number, and whether it is open."""
        reader = self.platforms[name].reader
        reader.update()
        return [(connection.number, connection.closed is None) for connection in reader.published()]

    def on_air(self) -> None:
        """Begin a broadcast with the fallback unless one is running."""
        self.product("on-air")
        platforms = tomllib.loads(self.toml)["platforms"]
        self.wait_on_air(name for name, platform in platforms.items() if platform.get("enabled", True))

    def manifest(self) -> str:
        """Return the manifest that the last apply wrote."""
        return self.container.read("/var/lib/restream-agent/manifest.json")

    def listens(self, port: int) -> bool:
        """Tell whether a process in the container listens on a TCP port."""
        return is_listening(self.container, port)

    @contextmanager
    def serving(self, port: int, *argv: str) -> Iterator[None]:
        """Run another program in the container that listens on a TCP port, until the end of the block."""
        other = self.container.popen(argv)
        try:
            self.container.wait_until(lambda: self.listens(port), 10, f"{argv[0]} to listen on {port}")
            yield
        finally:
            end_group(other)
            self.container.wait_until(lambda: not self.listens(port), 10, f"{argv[0]} to end")

    def files(self) -> str:
        """Return every file below /etc except the TOML: kind, mode, owner, link target and content hash."""
        script = f"""
            find /etc -not -path {TOML} -printf '%p %y %m %u %g %l\\n' | sort
            find /etc -type f -not -path {TOML} -print0 | sort -z | xargs -0 sha256sum
        """
        return self.container.run(("sh", "-c", script)).stdout


def runs_in(container: Container) -> dict[str, str]:
    """Return each active unit of the product with its invocation id; see systemd.exec(5)."""
    argv = ("systemctl", "show", "-p", "Id,ActiveState,InvocationID", "--", *OURS)
    blocks = container.run(argv).stdout.strip().split("\n\n")
    # Without any matching unit systemctl prints nothing, not even an empty state.
    units = [dict(line.split("=", 1) for line in block.splitlines()) for block in blocks]
    # restream-apply, the preparation and the removal of requests come and go and do not count. A relay whose
    # platform refuses it is deactivating after an attempt and activating before the next.
    return {
        unit["Id"]: unit["InvocationID"]
        for unit in units
        if unit.get("ActiveState") in ("active", "activating", "deactivating")
        and not unit["Id"].startswith(("restream-apply", "restream-fallback-", "restream-forget"))
        and not unit["Id"].endswith(".slice")
    }


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Return what happened to units between two `runs`: started, stopped or restarted."""
    changes = dict.fromkeys(after.keys() - before.keys(), "started")
    changes |= dict.fromkeys(before.keys() - after.keys(), "stopped")
    changes |= {unit: "restarted" for unit in before.keys() & after.keys() if before[unit] != after[unit]}
    return changes


def wait_kept(container: Container, server: str) -> None:
    """Wait until the agent keeps the stream for OBS; see agent/stream_keeper.py. nginx-rtmp needs none."""
    argv = ("curl", "-s", "http://127.0.0.1:1985/api/v1/clients/")
    if server == "srs":
        container.wait_until(
            lambda: "rtmp-play" in container.run(argv, check=False).stdout, SETTLED, "the stream to be kept"
        )


@contextmanager
def within_reach(server: str) -> Iterator[Installation]:
    """Install and apply in a container with the platform alpha, and connect another computer to it."""
    with Container() as container:
        platform = PlatformServer(container, "alpha", key="alpha-key", port=21000)
        platform.start()
        install(container, server, (platform,), Screen())
        connect_another_computer(container)
        yield Installation(container, server, {"alpha": platform})
