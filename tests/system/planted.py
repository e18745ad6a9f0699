"""Unmistakable keys planted in every kind of place, and a broadcast that uses all of them."""

from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from tests.demo.install import ETC, POLICY, PREFIX, PROGRAM, install
from tests.demo.screen import Screen
from tests.lab import quoter
from tests.lab.container import SHARED, Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer, is_listening
from tests.system.installation import runs_in, wait_kept

MARK = f"pLaNtEd{token_hex(6)}"  # a word that no file of the machine has, not even this one
INGEST = f"{MARK}-ingest"
WRONG = f"{MARK}-wrong"
ALPHA = f"{MARK}-alpha"
REFUSED = f"{MARK}-refused"
QUOTED = f"{MARK}-quoted"
CLEAR = f"{MARK}-clear"
IN_URL = f"{MARK}-in-url"

FIRST_PORT, QUOTER_PORT, DEAD_PORT = 21000, 21100, 21200
KEY_FILE = "/opt/key-of-beta"
STAMP = "/opt/before-the-keys"
SERVER = "rtmp://127.0.0.1:1935"

TOML = """\
version = 1
[ingest]
server = "{server}"
key = {{ credential = "ingest" }}
[fallback]
hold = "1min"
[platforms.alpha]
url = "{alpha}"
key = {{ credential = "alpha" }}
[platforms.beta]
url = "{beta}"
key = {{ file = "{key_file}" }}
[platforms.quoting]
url = "rtmp://127.0.0.1:{quoter}/app"
key = {{ credential = "quoted" }}
[platforms.unreachable]
url = "rtmp://127.0.0.1:{dead}/app"
key = "{clear}"
[platforms.in-url]
url = "rtmp://127.0.0.1:{quoter}/app/{in_url}"
"""

FAILING = {f"ffmpeg-relay@{name}.service" for name in ("beta", "quoting", "unreachable", "in-url")}

# The agent raises an exception in the middle of a hook that carries the key.
CRASH = "s/^    async def publish(self.*$/&\\n        raise RuntimeError(f'broken by {hook!r}')/"
AGENT_SOURCE = f"{PREFIX}/lib/python3*/site-packages/restream_agent/agent/agent.py"


@dataclass
class Planted:
    """A container in which the planted keys are in use."""

    container: Container
    server: str

    def shell(self, script: str, *, user: str | None = None) -> str:
        """Run a shell script inside and return both outputs, whatever its exit code."""
        argv = ("sh", "-c", f"exec 2>&1; {script}")
        return self.container.run(argv, user=user, timeout=120, check=False).stdout

    def obs(self, path: str) -> Obs:
        """Start an OBS that publishes to a path of the ingest server."""
        return Obs(
            self.container, f"{SERVER}/{path}", Encoder(width=320, height=180, bitrate=300_000)
        ).start()

    def refused(self, path: str) -> None:
        """Publish to a path and wait for the refusal."""
        obs = self.obs(path)
        self.container.wait_until(lambda: not obs.alive(), 20, f"OBS to be refused\n{obs.log()}")
        assert not obs.is_published()

    def runs(self) -> dict[str, str]:
        """Return the active units of the product with their invocation ids; see systemd.exec(5).

        Relays that their platforms refuse are left out: each of their attempts is a run of its own.
        """
        return {unit: run for unit, run in runs_in(self.container).items() if unit not in FAILING}

    def wait_said(self, unit: str, words: str) -> None:
        """Wait until a unit has written `words` to the journal."""
        argv = f"journalctl --no-pager -o cat -u {unit}"
        self.container.wait_until(lambda: words in self.shell(argv), 30, f"{unit} to say {words!r}")


def plant(container: Container, server: str) -> Planted:
    """Install the product with the planted keys in use."""
    alpha = PlatformServer(container, "alpha", key=ALPHA, port=FIRST_PORT)
    beta = PlatformServer(container, "beta", key="another", port=FIRST_PORT + 10)
    for platform in (alpha, beta):
        platform.start()
    _start_quoter(container)
    install(container, server, (alpha,), Screen())
    planted = Planted(container, server)
    container.write(STAMP, "")
    container.write(POLICY, f'key_files = ["{KEY_FILE}"]\n')
    container.write(KEY_FILE, REFUSED, mode=0o600)
    toml = TOML.format(
        server=server, alpha=alpha.url, beta=beta.url, key_file=KEY_FILE, quoter=QUOTER_PORT, dead=DEAD_PORT,
        clear=CLEAR, in_url=IN_URL,
    )  # fmt: skip
    for name, key, flags in (
        ("ingest", INGEST, ()),
        ("alpha", ALPHA, ("--encrypt",)),
        ("quoted", QUOTED, ()),
    ):
        container.run((PROGRAM, "secret", "set", name, *flags), input=f"{key}\n")
    # The agent sees the edit, and restream-apply applies it.
    container.write(f"{ETC}/restream.toml", toml, mode=0o600)
    container.wait_until(lambda: _is_applied(container), 30, "the planted keys to be in use")
    return planted


def _is_applied(container: Container) -> bool:
    return container.run((PROGRAM, "diff"), check=False).returncode == 0


def _start_quoter(container: Container) -> None:
    (container.shared / "quoter.py").write_text(Path(quoter.__file__).read_text())
    container.popen(("/usr/bin/python3", str(SHARED / "quoter.py"), str(QUOTER_PORT)))
    container.wait_until(lambda: is_listening(container, QUOTER_PORT), 10, "the quoting platform to listen")


def play_broadcast(planted: Planted) -> Obs:
    """Play a broadcast with every failure that makes programs log something; OBS is live at its end."""
    shell = planted.shell
    for path in (f"live/main?key={WRONG}", f"live/{INGEST}", f"main?key={INGEST}/main", f"{INGEST}/main"):
        planted.refused(path)
    on_the_url = planted.obs(f"live?key={INGEST}/main")
    on_the_url.wait_published()
    on_the_url.kill()
    shell(f"timeout 5 ffmpeg -v error -i '{SERVER}/live/{INGEST}?key={INGEST}' -f null -")
    shell("systemctl stop restream-agent.socket restream-agent.service")
    planted.refused(f"live/main?key={INGEST}")
    shell(
        f'sed -i.good "{CRASH}" {AGENT_SOURCE}; systemctl start restream-agent.socket restream-agent.service'
    )
    planted.refused(f"live/main?key={INGEST}")
    planted.wait_said("restream-agent", "RuntimeError: broken by Hook(")
    shell(f"for file in {AGENT_SOURCE}; do mv $file.good $file; done")
    shell("systemctl restart restream-agent.service")
    wait_kept(planted.container, planted.server)
    obs = planted.obs(f"live/main?key={INGEST}")
    obs.wait_published()
    live = '"state": "live"'
    planted.container.wait_until(lambda: live in shell("restream-agent status --json"), 30, "OBS to be live")
    planted.wait_said("ffmpeg-relay@quoting", "Server error: … is no key")
    planted.wait_said("ffmpeg-relay@in-url", "Server error: … is no key")
    planted.wait_said("ffmpeg-relay@unreachable", "Connection refused")
    planted.wait_said("ffmpeg-relay@beta", "Input/output error")
    shell("systemctl kill --kill-who=main -s ABRT restream-agent.service")
    shell("systemctl kill --kill-who=main -s SEGV ffmpeg-relay@alpha.service")
    planted.container.wait_until(
        lambda: planted.container.is_active("ffmpeg-relay@alpha.service"), 20, "the relay to be back"
    )
    return obs
