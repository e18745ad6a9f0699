"""A broadcast on air: the container, the product in it, four platforms, an OBS that reconnects."""

import json
import shutil
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from types import MappingProxyType

from restream_agent.systemd.channels import Channel
from tests.chaos.view import View
from tests.demo.install import ETC, INGEST_KEY, PROGRAM, PUBLISH_URL, install
from tests.demo.screen import Screen
from tests.lab import hookproxy, network, units
from tests.lab.container import SHARED, Container
from tests.lab.deadline import PATIENCE, LabError, wait_until
from tests.lab.network import Network
from tests.lab.obs import Encoder
from tests.lab.platform import PlatformServer, is_listening
from tests.lab.reconnecting import ReconnectingObs

NAMES = ("alpha", "beta", "gamma", "delta")
FIRST_PORT = 21000
INGEST_PORT, HOOK_PORT, PROXY_PORT = 1935, 8085, 8185
HOLD_SECONDS, TIMEOUT_SECONDS = 30, 10
TOML = f"{ETC}/restream.toml"
LOOK_SECONDS = 0.1
STATUS_SECONDS = 1.0  # `status` starts a Python: ten times a second is too often for two cores
LIGHT = Encoder(width=640, height=360, bitrate=800_000)


class ChaosBroadcast:
    """Everything that a fault may act on. `undo` runs after each fault; `counts` go into the report.

    Faults name the units of the channel `main`; the broadcast acts on those of its own `channel`.
    `bystanders` are the platforms of other channels, which a fault of this one must not concern.
    """

    channel = Channel()
    publish_url = PUBLISH_URL
    bystanders: Mapping[str, PlatformServer] = MappingProxyType({})

    def __init__(self, container: Container, server: str, screen: Screen) -> None:
        self.container, self.server, self.screen = container, server, screen
        self.platforms = {name: self._platform(name, FIRST_PORT + 10 * at) for at, name in enumerate(NAMES)}
        self.undo = ExitStack()
        self.counts: dict[str, int] = {}
        self.complaints: list[str] = []
        self.journals: list[str] = []  # of earlier boots
        self.since = 0.0  # when the fault struck for the last time: healing counts from then
        self.obs = self.another_obs("live")
        self._status_at, self._state = 0.0, ""

    @property
    def every_platform(self) -> dict[str, PlatformServer]:
        """The platforms by name, with those of other channels."""
        return {**self.platforms, **self.bystanders}

    def build(self) -> None:
        """Install the product and go on air."""
        for platform in self.every_platform.values():
            network.know_name(self.container, platform.host)
            platform.start()
        self.view = View(self.platforms)
        self.install()
        self.network = Network(self.container)
        self.start_proxy()
        self.obs.come()

    def install(self) -> None:
        """Install and apply, with a hold that is long enough for each fault."""
        install(self.container, self.server, tuple(self.platforms.values()), self.screen, HOLD_SECONDS)

    def close(self) -> None:
        """End OBS; everything else ends with the container."""
        self.obs.close()

    def start_proxy(self) -> None:
        """Start the proxy for hooks; no connection is redirected to it yet."""
        directory = self.container.shared / "hooks"
        directory.mkdir(exist_ok=True)
        shutil.copy(hookproxy.__file__, directory / "hookproxy.py")
        inside = SHARED / "hooks"
        command = ("/usr/bin/python3", f"{inside}/hookproxy.py", str(PROXY_PORT), str(HOOK_PORT), str(inside))
        self.container.popen(command)
        wait_until(lambda: is_listening(self.container, PROXY_PORT), 10, "the proxy for hooks")

    def another_obs(self, mark: str, *, key: str = INGEST_KEY) -> ReconnectingObs:
        """Return another OBS that does not stream yet."""
        url = self.publish_url.replace(INGEST_KEY, key)
        return ReconnectingObs(self.container, url, replace(LIGHT, mark=mark))

    def product(self, *arguments: str, check: bool = True) -> str:
        """Run restream-agent inside and return what it printed."""
        return self.container.run((PROGRAM, *arguments), timeout=120, check=check).stdout

    def systemctl(self, *arguments: str) -> str:
        """Run systemctl inside and return what it printed."""
        return self.container.run(
            ("systemctl", *map(self.channel.unit, arguments)), check=False
        ).stdout.strip()

    def pids(self, unit: str) -> list[int]:
        """Return the host's process ids of a unit, the oldest first."""
        return units.pids(self.container, self.channel.unit(unit))

    def signal_all(self, unit: str, number: signal.Signals) -> None:
        """Send a signal to every process of a unit at once."""
        units.signal_all(self.container, self.channel.unit(unit), number)

    def kill(self, unit: str) -> None:
        """Kill every process of a unit and wait until systemd has started it again."""
        before = self.pids(unit)
        self.signal_all(unit, signal.SIGKILL)
        self.wait(lambda: self.pids(unit) not in ([], before), 20, f"{unit} to be back")

    def show(self, unit: str, prop: str) -> str:
        """Return one property of a unit."""
        return self.systemctl("show", "-P", prop, "--", unit)

    def is_active(self, unit: str) -> bool:
        """Tell whether a unit is active."""
        return self.container.is_active(self.channel.unit(unit))

    def state(self) -> str:
        """Return the state in `status --json`, which runs at most once in STATUS_SECONDS."""
        now = time.monotonic()
        if now >= self._status_at + STATUS_SECONDS:
            self._state = str(json.loads(self.product("status", "--json", check=False) or "{}").get("state"))
            self._status_at = time.monotonic()
        return self._state

    def is_connected(self, name: str) -> bool:
        """Tell whether a platform has an open connection with media."""
        connections = self.every_platform[name].reader.connections
        return any(one.closed is None and one.has_media() for one in connections)

    def connections_ended(self, name: str) -> int:
        """Return how many connections of a platform have ended since the broadcast began."""
        return sum(one.closed is not None for one in self.platforms[name].reader.update())

    def elapsed(self) -> float:
        """Return the seconds since the fault began or, later, since it struck for the last time."""
        return time.monotonic() - self.since

    def struck(self) -> None:
        """Note that the fault has struck for the last time and can heal from now on."""
        self.since = time.monotonic()

    def watch(self, seconds: float) -> None:
        """Poll the platforms' pictures for some seconds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.view.poll()
            time.sleep(LOOK_SECONDS)

    def wait(self, predicate: Callable[[], object], timeout: float, what: str) -> None:
        """Poll until the predicate is true; LabError after `timeout` (in seconds, times PATIENCE)."""
        deadline = time.monotonic() + timeout * PATIENCE
        while not predicate():
            if time.monotonic() >= deadline:
                raise LabError(f"timed out after {timeout * PATIENCE:g} s waiting for {what}")
            self.view.poll()
            time.sleep(LOOK_SECONDS)

    def wait_for(self, source: str, timeout: float = 20, *, since: float | None = None) -> None:
        """Poll until every platform has received a keyframe of a source that arrived after a time.

        That is the time of this call, or `since`, where the source may go before what struck it is over.
        """
        after = time.monotonic() if since is None else since
        self.wait(
            lambda: all(self.view.is_showing(name, (source,), after) for name in self.platforms),
            timeout,
            f"{source} to reach every platform",
        )

    def forget(self, before: float) -> None:
        """Drop the messages that arrived before a time."""
        for platform in self.every_platform.values():
            platform.reader.forget(before)

    def _platform(self, name: str, port: int) -> PlatformServer:
        host = f"{name}.test"
        return PlatformServer(self.container, name, key=f"{name}-key", port=port, host=host, records=False)
