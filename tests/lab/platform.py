"""A stand-in for a streaming platform: nginx-rtmp that accepts only its own key, behind a tap on the wire."""

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.lab import tap
from tests.lab.container import SHARED, Container
from tests.lab.taps import TapReader

APP = "app"

# `notify_method get` sends on_publish as a query, so that nginx itself can compare the key it was given
# ($arg_name).
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
        application {app} {{
            live on;
            notify_method get;
            on_publish http://127.0.0.1:{http}/publish;
            record all;
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
            return 200;
        }}
    }}
}}
"""


@dataclass(frozen=True)
class Ports:
    """The tap's port, where clients connect, and the two behind it."""

    tap: int
    rtmp: int
    http: int


class Platform:
    """One platform in a container; `reader` tells what reached it, `url` where to send, without the key."""

    def __init__(self, container: Container, name: str, *, key: str, port: int) -> None:
        """Take the first of three ports to use inside; `key` is the one stream key that is accepted."""
        self.name, self.key = name, key
        self.ports = Ports(port, port + 1, port + 2)
        self.url = f"rtmp://127.0.0.1:{port}/{APP}"
        self.directory = container.shared / name
        self.reader = TapReader(self.directory / "tap")
        self._container = container

    def start(self) -> None:
        """Start server and tap and wait until both accept connections."""
        inside = SHARED / self.name
        for part in ("tap", "recordings", "body"):
            (self.directory / part).mkdir(parents=True)
        ports = {"rtmp": self.ports.rtmp, "http": self.ports.http}
        config = NGINX.format(directory=inside, app=APP, key=self.key, **ports)
        (self.directory / "nginx.conf").write_text(config)
        shutil.copy(tap.__file__, self.directory / "tap.py")
        self._container.popen(("nginx", "-c", f"{inside}/nginx.conf", "-g", "daemon off;"))
        arguments = (str(self.ports.tap), str(self.ports.rtmp), f"{inside}/tap")
        # Its clock is the measurement, so it comes before what it measures.
        self._container.popen(("nice", "-n", "-15", "/usr/bin/python3", f"{inside}/tap.py", *arguments))
        for port in (self.ports.rtmp, self.ports.http, self.ports.tap):
            listening = partial(is_listening, self._container, port)
            self._container.wait_until(listening, 10, f"{self.name}: port {port}")

    def recordings(self) -> list[Path]:
        """Return the FLV files the server itself recorded."""
        return sorted((self.directory / "recordings").glob("*.flv"))


def is_listening(container: Container, port: int) -> bool:
    """Tell whether something in the container listens on a TCP port, without connecting to it."""
    tables = (Path(f"/proc/{container.leader}/net/{name}").read_text() for name in ("tcp", "tcp6"))
    rows = (line.split() for table in tables for line in table.splitlines()[1:])
    return any(row[1].endswith(f":{port:04X}") and row[3] == "0A" for row in rows)  # 0A: TCP_LISTEN
