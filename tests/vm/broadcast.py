"""A broadcast in a machine: the package installed as docs/install.md says, an OBS, and platforms."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.system.wall_table import NOTIFY, NOTIFY_POLICY
from tests.vm import payload
from tests.vm.guest import Guest

PROGRAM = "restream-agent"
TOML = "/etc/restream-agent/restream.toml"
POLICY = "/etc/restream-agent/policy.toml"
KEYS = {"alpha": "alpha-key", "beta": "beta-key"}
HOLD = 600.0
"""Seconds that the hold lasts: an emulated machine takes minutes for a check."""

PORT, STATISTICS = 21000, 21080
# An emulated machine would encode the usual picture for minutes.
_MATCH = """
[fallback.match]
width = 320
height = 180
fps = 15
sample_rate = 48000
channels = 2
"""
_PLATFORMS = f"""\
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
pid /run/platforms.pid; worker_processes 1; daemon off; error_log /dev/null;
events {{ worker_connections 1000; }}
rtmp {{ access_log off; server {{ listen 127.0.0.1:{PORT}; application app {{ live on; }} }} }}
http {{ access_log off; server {{ listen 127.0.0.1:{STATISTICS}; location / {{ rtmp_stat all; }} }} }}
"""
_UNITS = {
    "platforms": "ExecStart=/usr/sbin/nginx -c /opt/lab/platforms.conf",
    # OBS is elsewhere: it reconnects two seconds after its connection ends, also while this machine boots.
    "obs": f"""\
ExecStart=ffmpeg -nostats -loglevel warning -re -stream_loop -1 -i {payload.CLIP} -c copy -f flv \
rtmp://127.0.0.1:1935/live/main?key=KEY
Restart=always
RestartSec=2
KillSignal=SIGKILL
SuccessExitStatus=KILL""",
}
_UNIT = """\
[Unit]
StartLimitIntervalSec=0
[Service]
Slice=lab.slice
{lines}
[Install]
WantedBy=multi-user.target
"""


@dataclass
class MachineBroadcast:
    """A broadcast to the platforms of KEYS. `server` is the ingest server's name, `toml` the text of TOML."""

    guest: Guest
    server: str
    toml: str

    def product(self, *arguments: str, code: int | None = 0, timeout: float = 120) -> str:
        """Run restream-agent and return both outputs; AssertionError for an exit code other than `code`."""
        done = self.guest.run((PROGRAM, *arguments), timeout=timeout, check=False)
        output = done.stdout + done.stderr
        assert code is None or done.returncode == code, f"{' '.join(arguments)}: {done.returncode}\n{output}"
        return output

    def status(self) -> dict[str, Any]:
        """Return what the agent says, without a Python of its own: that would take an emulated second."""
        done = self.guest.run(("curl", "-s", "-m", "20", "http://127.0.0.1:8085/api/status"), check=False)
        found = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        return dict(found)

    def state(self) -> str:
        """Return off air, opening, live or fallback; "" while the agent does not answer."""
        return str(self.status().get("state", ""))

    def relays(self) -> dict[str, str]:
        """Return the state of each relay."""
        return {name: relay["state"] for name, relay in self.status().get("relays", {}).items()}

    def received(self) -> dict[str, int]:
        """Return by key how many bytes the platforms have received on the connections that are open."""
        page = self.guest.run(("curl", "-s", "-m", "20", f"http://127.0.0.1:{STATISTICS}/")).stdout
        streams = re.findall(r"<stream>\s*<name>([^<]*)</name>.*?<bytes_in>(\d+)</bytes_in>", page, re.DOTALL)
        return {name: int(size) for name, size in streams}

    def wait_live(self, what: str = "OBS to be live on every platform") -> None:
        """Wait until OBS is live and every relay delivers."""
        self.guest.wait_until(lambda: self._is_whole("live"), 90, what)

    def wait_fallback(self, what: str = "the fallback on every platform") -> None:
        """Wait until the fallback plays and every relay delivers."""
        self.guest.wait_until(lambda: self._is_whole("fallback"), 90, what)

    def wait_off_air(self) -> None:
        """Wait until the broadcast has ended."""
        self.guest.wait_until(lambda: self.state() == "off air", 90, "the broadcast to end")

    def wait_fed(self, names: Iterable[str] = tuple(KEYS)) -> None:
        """Wait until each of the platforms has received more than now."""
        before = self.received()
        self.guest.wait_until(
            lambda: all(self.received().get(KEYS[name], 0) > before.get(KEYS[name], 0) for name in names),
            30,
            "every platform to receive more",
        )

    def failed(self) -> list[str]:
        """Return the units that have failed."""
        argv = ("systemctl", "list-units", "--all", "--plain", "--no-legend", "--state=failed")
        return [line.split()[0] for line in self.guest.run(argv).stdout.splitlines()]

    def processes(self, units: Iterable[str]) -> dict[str, str]:
        """Return the main process of each unit that has one."""
        wanted = tuple(units)
        names = (f"{unit}.service" for unit in wanted)
        found = self.guest.run(("systemctl", "show", "-P", "MainPID", "--", *names)).stdout.split()
        return {unit: pid for unit, pid in zip(wanted, found, strict=True) if pid != "0"}

    def come(self) -> None:
        """Start OBS."""
        self.guest.run(("systemctl", "start", "obs"))

    def leave(self) -> None:
        """End OBS, without an unpublish."""
        self.guest.run(("systemctl", "stop", "obs"))

    def begin(self) -> None:
        """Have OBS live on every platform, whatever was before."""
        self.come()
        self.wait_live()

    def recover(self) -> None:
        """Have the machine as it was installed, after a check that ended anywhere."""
        self.guest.cut_power()
        self.guest.switch_on()
        self.guest.write(TOML, self.toml)
        self.product("apply", timeout=300)

    def _is_whole(self, state: str) -> bool:
        status = self.status()
        relays = [relay["state"] for relay in status.get("relays", {}).values()]
        return status.get("state") == state and bool(relays) and set(relays) == {"delivering"}


def install(guest: Guest, server: str) -> MachineBroadcast:
    """Install the package with apt, run `init` as a script would, and start OBS and platforms."""
    guest.shell(
        f"mkdir -p /opt/lab; cp {payload.MOUNTED}/*.py /opt/lab; ! test -e {payload.SRS_THERE} || "
        f"install -D {payload.SRS_THERE} /usr/local/srs/objs/srs"
    )
    apt = ("apt-get", "install", "--yes", "--no-install-recommends", payload.PACKAGE)
    guest.run(("env", "DEBIAN_FRONTEND=noninteractive", *apt), timeout=300)
    guest.write("/opt/lab/platforms.conf", _PLATFORMS)
    _add_unit(guest, "platforms", _UNITS["platforms"])
    platforms = (f"--platform={name}=rtmp://127.0.0.1:{PORT}/app" for name in KEYS)
    answers = (f"--server={server}", *platforms, f"--hold={HOLD:g}s", "--yes", "--no-apply")
    keys = "".join(f"{key}\n" for key in KEYS.values())
    guest.run((PROGRAM, "init", *answers), timeout=300, input=keys)
    guest.write(POLICY, NOTIFY_POLICY)
    guest.write(TOML, guest.read(TOML) + NOTIFY + _MATCH)
    broadcast = installed(guest, server)
    broadcast.product("apply", timeout=300)
    _add_unit(guest, "obs", _UNITS["obs"].replace("KEY", ingest_key(guest)))
    return broadcast


def installed(guest: Guest, server: str) -> MachineBroadcast:
    """Return the broadcast in a machine that is as `install` leaves it."""
    return MachineBroadcast(guest, server, guest.read(TOML))


def ingest_key(guest: Guest) -> str:
    """Return the key with which OBS publishes."""
    return guest.read("/etc/restream-agent/credentials/ingest").strip()


def _add_unit(guest: Guest, name: str, lines: str) -> None:
    guest.write(f"/etc/systemd/system/{name}.service", _UNIT.format(lines=lines))
    guest.run(("systemctl", "enable", "--now", name))
