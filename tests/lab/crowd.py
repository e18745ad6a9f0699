"""Many platforms in one process: an nginx-rtmp that accepts every key, for tests of many relays."""

from tests.lab.container import SHARED, Container
from tests.lab.platform import APP, is_listening

_NGINX = """
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
user root;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log notice;
events {{ worker_connections 1024; }}
rtmp {{ access_log off; server {{ listen 127.0.0.1:{port}; application {app} {{ live on; }} }} }}
"""


class Crowd:
    """Platforms with the names `names`, which all listen on one port; each has its name as its key."""

    def __init__(self, container: Container, count: int, *, port: int) -> None:
        self.names = tuple(f"p{number:02}" for number in range(count))
        self._container, self._port = container, port

    def start(self) -> None:
        """Start the server, and wait until it listens."""
        inside, outside = SHARED / "crowd", self._container.shared / "crowd"
        outside.mkdir()
        config = _NGINX.format(directory=inside, port=self._port, app=APP)
        (outside / "nginx.conf").write_text(config)
        self._container.popen(("nginx", "-c", f"{inside}/nginx.conf", "-g", "daemon off;"))
        self._container.wait_until(
            lambda: is_listening(self._container, self._port), 10, "the crowd to listen"
        )

    def tables(self, names: tuple[str, ...]) -> str:
        """Return the TOML of some of the platforms."""
        url = f"rtmp://127.0.0.1:{self._port}/{APP}"
        return "".join(f'\n[platforms.{name}]\nurl = "{url}"\nkey = "{name}"\n' for name in names)
