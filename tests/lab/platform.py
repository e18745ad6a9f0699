"""A stand-in for a streaming platform: nginx-rtmp that accepts one key, behind a tap on the connection."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.lab import quoter, tap
from tests.lab.container import SHARED, Container
from tests.lab.deadline import wait_until
from tests.lab.taps import TapReader

APP = "app"

# `notify_method get` sends on_publish as a query, so that nginx itself can compare the key ($arg_name).
NGINX = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
user root;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log notice;
events {{ worker_connections 64; }}
rtmp {{
    access_log off;
    server {{
        listen 127.0.0.1:{rtmp};
        max_message 16M;
        application {app} {{
            live on;
            notify_method get;
            on_publish http://127.0.0.1:{http}/publish;
            record {record};
            record_unique on;
            record_path {directory}/recordings;
        }}
    }}
}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    server {{
        listen 127.0.0.1:{http};
        location /publish {{
            if ($arg_name != "{key}") {{ return 403; }}
            return {answer};
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Ports:
    """The port of the tap, to which clients connect, and the three ports behind it."""

    tap: int
    rtmp: int
    http: int
    refuser: int


class PlatformServer:
    """One platform in a container. `reader` reads what arrived; `url` is where to send, without the key."""

    def __init__(
        self,
        container: Container,
        name: str,
        *,
        key: str,
        port: int,
        host: str = "127.0.0.1",
        records: bool = True,
        application: str = APP,
        is_shared: bool = False,
    ) -> None:
        """`port` is the first of four ports to use inside; `key` is the only stream key that is accepted.

        With `is_shared` several clients may publish with the key at once; else the second is refused.
        """
        self.name, self.key, self.host = name, key, host
        self.ports = Ports(port, port + 1, port + 2, port + 3)
        self.url = f"rtmp://{host}:{port}/{application}"
        self.directory = container.shared / name
        self.reader = TapReader(self.directory / "tap")
        self._container = container
        self._records = records
        self._application = application
        # A redirect renames the stream: each publisher gets a name of its own.
        self._answer = "302 $arg_name-$connection" if is_shared else "200"
        self._orders = 0

    def start(self) -> None:
        """Start server and tap, and wait until both accept connections. Call it again after a reboot."""
        inside = SHARED / self.name
        for part in ("tap", "recordings", "body"):
            (self.directory / part).mkdir(parents=True, exist_ok=True)
        ports = {"rtmp": self.ports.rtmp, "http": self.ports.http}
        record = "all" if self._records else "off"
        config = NGINX.format(
            directory=inside, app=self._application, key=self.key, record=record, answer=self._answer, **ports
        )
        (self.directory / "nginx.conf").write_text(config)
        for script in (tap, quoter):
            shutil.copy(str(script.__file__), self.directory)
        self._container.popen(("nginx", "-c", f"{inside}/nginx.conf", "-g", "daemon off;"))
        arguments = (self.ports.tap, self.ports.rtmp, f"{inside}/tap", self.ports.refuser)
        # The tap has a high priority because its clock is the measurement.
        tapping = ("nice", "-n", "-15", "/usr/bin/python3", f"{inside}/tap.py", *map(str, arguments))
        self._container.popen(tapping)
        for port in (self.ports.rtmp, self.ports.http, self.ports.tap):
            self._wait_listening(port)

    def behave(self, how: str) -> None:
        """Switch the tap to one of `tap.BEHAVIOURS`, and wait until it has switched."""
        if how == "refuse" and not is_listening(self._container, self.ports.refuser):
            script = f"{SHARED / self.name}/quoter.py"
            self._container.popen(("/usr/bin/python3", script, str(self.ports.refuser)))
            self._wait_listening(self.ports.refuser)
        self._orders += 1
        order, asked = f"{how} {self._orders}", self.directory / "tap" / "behaviour"
        asked.with_suffix(".new").write_text(order)
        asked.with_suffix(".new").rename(asked)
        seen = asked.with_suffix(".seen")
        wait_until(lambda: seen.exists() and seen.read_text() == order, 5, f"{self.name} to {how}")

    def _wait_listening(self, port: int) -> None:
        listening = partial(is_listening, self._container, port)
        self._container.wait_until(listening, 10, f"{self.name}: port {port}")

    def recordings(self) -> list[Path]:
        """Return the FLV files that the server recorded."""
        return sorted((self.directory / "recordings").glob("*.flv"))


def is_listening(container: Container, port: int) -> bool:
    """Tell whether something in the container listens on a TCP port, without connecting to it."""
    tables = (Path(f"/proc/{container.leader}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)  # 0A: TCP_LISTEN
