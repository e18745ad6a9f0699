"""The tools that people use today, each set up as its own documentation says.

What each shows while the publisher is away: the usual way and liquidsoap a fallback, the others nothing.
"""

import json
from pathlib import Path

from benchmarks.media.sessions import Target
from benchmarks.media.tool import FALLBACK, UNIT, Stage, copy_in, kill_processes, serve, urls
from tests.lab.servers import SRS

RTMP, HOOKS = 1935, 8085
LIVE = Target(RTMP, "live", "main")
CONF = "/etc/peer.conf"
VENV = "/opt/usual"
USUAL_APP = Path(__file__).with_name("usual_app.py")
INSTALL_SECONDS = 120.0

# https://ossrs.io/lts/en-us/docs/v6/doc/http-callback and /forward: everything else as it is by default.
SRS_CONF = """\
listen 1935;
max_connections 1000;
daemon off;
pid /run/srs.pid;
work_dir /run;
srs_log_tank console;
srs_log_level error;
srs_log_level_v2 error;
vhost __defaultVhost__ {{
{inside}
}}
"""
SRS_HOOKS = """\
    http_hooks {
        enabled on;
        on_publish http://127.0.0.1:8085/on_publish;
        on_unpublish http://127.0.0.1:8085/on_unpublish;
    }"""
SRS_FORWARD = """\
    forward {{
        enabled on;
        destination {destinations};
    }}"""
# https://github.com/arut/nginx-rtmp-module/wiki/Directives. Without drop_idle_publisher no freeze is noticed.
NGINX_CONF = """\
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
user root;
worker_processes 1;
daemon off;
pid /run/peer-nginx.pid;
error_log stderr warn;
events {{ worker_connections 1024; }}
rtmp {{
    server {{
        listen 1935;
        application live {{
            live on;
            drop_idle_publisher 5s;
{inside}
        }}
    }}
}}
"""
NGINX_HOOKS = """\
            on_publish http://127.0.0.1:8085/on_publish;
            on_publish_done http://127.0.0.1:8085/on_unpublish;"""
# /usr/share/doc/liquidsoap/html/ffmpeg_cookbook.html: relaying without re-encoding, to YouTube and Facebook.
LIQUIDSOAP = """\
settings.init.allow_root.set(true)
settings.log.stdout.set(true)
live = input.rtmp("rtmp://127.0.0.1:1935/live/main")
slate = single("{fallback}")
program = fallback(track_sensitive=false, [live, slate])
{outputs}
"""
OUTPUT = """\
output.url(fallible=true, url="{url}", %ffmpeg(format="flv", %audio.copy, %video.copy), program)"""
# node-media-server 4 has no setting for a relay: its REST API adds a task, by the same call.
NODE = """\
const NodeMediaServer = require("/lab/nms/node_modules/node-media-server");
const config = {{ bind: "127.0.0.1", rtmp: {{ port: 1935 }}, http: {{ port: 8000 }}, auth: {{}},
    notify: {{}}, store: {{ path: "/run/nms" }}, record: {{ auto: false, path: "/run/nms/record" }},
    webadmin: {{ enable: false }}, static: {{}} }};
const server = new NodeMediaServer(config);
server.run();
// A task whose stream is not there yet fails, is not tried again, and stays in the list: so after a restart.
server.on("postPublish", session => {{
    if (session.streamPath !== "/live/main") return;
    for (const url of {urls}) {{
        const task = server.relayServer.tasks.get("push:" + url);
        if (task && !task.isRegistered) server.relayServer.removeTask("push:" + url);
        server.relayServer.addTask({{ url, mode: "push", streamPath: "/live/main" }});
    }}
}});
"""


class Peer:
    """A tool that is one service; subclasses say how it is set up."""

    name = ""
    killed = ""
    restarted = UNIT
    victims: tuple[str, ...] = ()
    application = "app"
    keys: tuple[str, ...] = ("alpha-key", "beta-key")
    needs_shared_key = False

    def start(self, stage: Stage) -> Target:
        """Start the service and return where to publish."""
        raise NotImplementedError

    def kill(self, stage: Stage) -> None:
        """Kill the processes that carry the stream."""
        kill_processes(stage.container, self.victims)

    def units(self) -> tuple[str, ...]:
        """Return its one unit."""
        return (UNIT,)


def _start_server(stage: Stage, server: str, inside: str) -> None:
    container = stage.container
    if server == "srs":
        container.write(CONF, SRS_CONF.format(inside=inside))
        serve(container, str(SRS), "-c", CONF, port=RTMP)
    else:
        container.write(CONF, NGINX_CONF.format(inside=inside))
        serve(container, "/usr/sbin/nginx", "-c", CONF, port=RTMP)


class UsualWay(Peer):
    """The usual way on one ingest server: two services, of which the second is the application."""

    killed = "its relays"
    restarted = "usual.service"
    victims = ("ffmpeg",)

    def __init__(self, server: str) -> None:
        self.name = f"the usual way on {server}"
        self._server = server

    def start(self, stage: Stage) -> Target:
        """Install Flask in a venv, start application and server."""
        container = stage.container
        wheels = copy_in(stage, "wheels")
        container.run(("python3", "-m", "venv", VENV), timeout=INSTALL_SECONDS)
        flags = ("--quiet", "--no-cache-dir", "--disable-pip-version-check", "--no-index")
        install = (f"{VENV}/bin/pip", "install", *flags, "--find-links", str(wheels), "flask")
        container.run(install, timeout=INSTALL_SECONDS)
        config = {
            "source": f"rtmp://127.0.0.1:{RTMP}/live/main", "fallback": str(FALLBACK),
            "platforms": urls(stage), "port": HOOKS,
        }  # fmt: skip
        container.write("/etc/usual.json", json.dumps(config))
        container.write(f"{VENV}/usual_app.py", USUAL_APP.read_text())
        command = (f"{VENV}/bin/python", f"{VENV}/usual_app.py", "/etc/usual.json")
        serve(container, *command, port=HOOKS, unit=self.restarted)
        _start_server(stage, self._server, SRS_HOOKS if self._server == "srs" else NGINX_HOOKS)
        return LIVE

    def kill(self, stage: Stage) -> None:
        """Kill the relays, which the application starts again."""
        kill_processes(stage.container, self.victims, self.restarted)

    def units(self) -> tuple[str, ...]:
        """Return application and server."""
        return (self.restarted, UNIT)


class NginxPush(Peer):
    """nginx-rtmp that pushes to the platforms by itself."""

    name = "nginx-rtmp push"
    killed = "nginx's worker"
    victims = ("nginx",)

    def start(self, stage: Stage) -> Target:
        """Start nginx."""
        _start_server(stage, "nginx-rtmp", "\n".join(f"            push {url};" for url in urls(stage)))
        return LIVE


class SrsForward(Peer):
    """SRS that forwards to the platforms by itself: application and stream keep their names."""

    name = "SRS forward"
    killed = "SRS"
    victims = (SRS.name,)
    application = "live"
    keys: tuple[str, ...] = ("main", "main")

    def start(self, stage: Stage) -> Target:
        """Start SRS."""
        destinations = " ".join(f"{platform.host}:{platform.ports.tap}" for platform in stage.platforms)
        _start_server(stage, "srs", SRS_FORWARD.format(destinations=destinations))
        return LIVE


class Liquidsoap(Peer):
    """liquidsoap, which chooses between the stream and the fallback and copies."""

    name = "liquidsoap"
    needs_shared_key = True  # output.url of 2.1.3 opens two connections and sends on the second
    killed = "liquidsoap"
    victims = ("liquidsoap",)

    def start(self, stage: Stage) -> Target:
        """Start liquidsoap."""
        outputs = "\n".join(OUTPUT.format(url=url) for url in urls(stage))
        stage.container.write(CONF, LIQUIDSOAP.format(fallback=FALLBACK, outputs=outputs))
        serve(stage.container, "/usr/bin/liquidsoap", CONF, port=RTMP)
        return LIVE


class NodeMediaServer(Peer):
    """node-media-server with a relay task for each platform."""

    name = "node-media-server"
    killed = "node"
    victims = ("node", "MainThread")

    def start(self, stage: Stage) -> Target:
        """Start node."""
        copy_in(stage, "nms")
        stage.container.write(CONF, NODE.format(urls=json.dumps(urls(stage))))
        serve(stage.container, "/usr/bin/env", "node", CONF, port=RTMP)
        return LIVE


class DirectPush(Peer):
    """No tool: the publisher sends to the first platform itself. It is what latency is compared with."""

    name = "direct push"

    def start(self, stage: Stage) -> Target:
        """Say where the platform is."""
        platform = stage.platforms[0]
        return Target(platform.ports.tap, self.application, platform.key)

    def units(self) -> tuple[str, ...]:
        """Return nothing: there is no process."""
        return ()
