"""A product installed in a container, and what the tests of this tier ask of it."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from tests.demo.install import ETC, PROGRAM
from tests.lab.container import Container
from tests.lab.platform import PlatformServer, is_listening

TOML = f"{ETC}/restream.toml"
SETTLED = 20.0  # seconds that an edit may take until it is applied, on a busy machine
OURS = ("restream*", "ffmpeg-relay@*", "fallback.*", "live@*")


@dataclass
class Installation:
    """The container, its ingest server's name, and the platforms by name; `toml` is what is applied."""

    container: Container
    server: str
    platforms: dict[str, PlatformServer]
    toml: str = field(default="")

    def product(self, *arguments: str, code: int = 0) -> str:
        """Run restream-agent inside; return what it wrote to both outputs, and fail on another exit code."""
        done = self.container.run((PROGRAM, *arguments), timeout=120, check=False)
        said = done.stdout + done.stderr
        assert code == done.returncode, said
        return said

    def state(self) -> object:
        """Return what `status` says: off air, opening, live or fallback."""
        return json.loads(self.product("status", "--json"))["state"]

    def show(self, unit: str, prop: str) -> str:
        """Return one property of a unit."""
        return self.container.run(("systemctl", "show", "-P", prop, "--", unit)).stdout.strip()

    def loads(self) -> str:
        """Return when systemd last read its unit files anew, in µs of the monotonic clock."""
        return self.container.run(("systemctl", "show", "-P", "UnitsLoadTimestampMonotonic")).stdout

    def runs(self) -> dict[str, str]:
        """Return each active unit of ours with the id of this very run of it."""
        return runs_in(self.container)

    def edit(self, toml: str, *, succeeds: bool = True) -> None:
        """Save the TOML as an editor would and wait until the agent has had it applied."""
        assert toml != self.container.read(TOML), "an edit that edits nothing"
        before = len(self.applied())
        self.container.write(TOML, toml)
        self.container.wait_until(lambda: len(self.applied()) > before, SETTLED, "the edit to be applied")
        assert succeeds == self.applied()[-1], "\n".join(self.words("restream-apply.service"))
        if succeeds:
            self.toml = toml

    def applied(self) -> list[bool]:
        """Return whether each run of restream-apply.service that has ended went well, by systemd's word."""
        argv = ("journalctl", "--no-pager", "-o", "cat", "-u", "restream-apply.service", "_PID=1")
        lines = self.container.run(argv, check=False).stdout.splitlines()
        ends = [line for line in lines if line.startswith(("Finished ", "Failed to start "))]
        return [line.startswith("Finished ") for line in ends]

    def words(self, unit: str, *, lines: int = 30) -> list[str]:
        """Return the last lines that a unit wrote to the journal."""
        argv = ("journalctl", "--no-pager", "-o", "cat", "-n", str(lines), "-u", unit)
        return self.container.run(argv).stdout.splitlines()

    def wait_on_air(self, names: Iterable[str]) -> None:
        """Wait until each platform is being published to, on a connection that stands."""
        for name in names:
            self.container.wait_until(partial(self.is_fed, name), SETTLED, f"{name} to be on air")

    def is_fed(self, name: str) -> bool:
        """Whether a platform has received pictures or sound on a connection that still stands."""
        reader = self.platforms[name].reader
        reader.update()
        return any(connection.closed is None for connection in reader.published())

    def on_air(self) -> None:
        """Begin a broadcast with the fallback, unless one is on the air."""
        self.product("on-air")
        platforms = tomllib.loads(self.toml)["platforms"]
        self.wait_on_air(name for name, one in platforms.items() if one.get("enabled", True))

    def manifest(self) -> str:
        """Return what the last apply noted for the next one."""
        return self.container.read("/var/lib/restream-agent/manifest.json")

    def listens(self, port: int) -> bool:
        """Whether something in the container listens on a TCP port."""
        return is_listening(self.container, port)

    def files(self) -> str:
        """Return every file below /etc but the TOML: kind, mode, owner, link target and content's hash."""
        script = f"""
            find /etc -not -path {TOML} -printf '%p %y %m %u %g %l\\n' | sort
            find /etc -type f -not -path {TOML} -print0 | sort -z | xargs -0 sha256sum
        """
        return self.container.run(("sh", "-c", script)).stdout


def runs_in(container: Container) -> dict[str, str]:
    """Return each active unit of ours with the id of this very run of it; see systemd.exec(5)."""
    argv = ("systemctl", "show", "-p", "Id,ActiveState,InvocationID", "--", *OURS)
    blocks = container.run(argv).stdout.strip().split("\n\n")
    # With no unit at all systemctl shows nothing, not even an empty state.
    units = [dict(line.split("=", 1) for line in block.splitlines()) for block in blocks]
    # restream-apply comes and goes with every edit: it is the one that acts, not what it acts on. A relay
    # whose platform refuses it is activating between its attempts, and deactivating before.
    return {
        unit["Id"]: unit["InvocationID"]
        for unit in units
        if unit.get("ActiveState") in ("active", "activating", "deactivating")
        and not unit["Id"].startswith(("restream-apply", "restream-fallback-prepare"))
    }


def changed(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """Say what happened to units between two `runs`: started, stopped or restarted."""
    found = dict.fromkeys(after.keys() - before.keys(), "started")
    found |= dict.fromkeys(before.keys() - after.keys(), "stopped")
    found |= {unit: "restarted" for unit in before.keys() & after.keys() if before[unit] != after[unit]}
    return found
