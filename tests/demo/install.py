"""Installs the product in the container with the commands that a user would type."""

import shutil
from pathlib import Path

from tests.demo.screen import Screen
from tests.demo.wheelhouse import write_requirements
from tests.lab.container import SHARED, Container
from tests.lab.deadline import LabError
from tests.lab.platform import PlatformServer

PROJECT = Path(__file__).resolve().parents[2]
WHEELS = PROJECT / ".cache" / "wheels"
PREFIX = "/opt/restream-agent"
PROGRAM = "/usr/local/bin/restream-agent"
ETC = "/etc/restream-agent"
POLICY = f"{ETC}/policy.toml"
INGEST_KEY = "demo-ingest-key"  # made up: it opens nothing outside the container
PUBLISH_URL = f"rtmp://127.0.0.1:1935/live/main?key={INGEST_KEY}"
HOLD_SECONDS = 12
STALL_SECONDS = 1.0  # the product's default
DIFF_FOUND = 3  # exit status of `diff` when there is something to apply


def configuration(server: str, platforms: tuple[PlatformServer, ...], hold: int = HOLD_SECONDS) -> str:
    """Return the TOML of a broadcast to the platforms; `hold` is in seconds."""
    head = f"""\
version = 1

[ingest]
server = "{server}"
key = {{ credential = "ingest" }}

[fallback]
message = "We will be right back"
hold = "{hold}s"
"""
    tables = (
        f'\n[platforms.{platform.name}]\nurl = "{platform.url}"\nkey = {{ credential = "{platform.name}" }}\n'
        for platform in platforms
    )
    return head + "".join(tables)


def install(
    container: Container,
    server: str,
    platforms: tuple[PlatformServer, ...],
    screen: Screen,
    hold: int = HOLD_SECONDS,
) -> None:
    """Install the wheel, configure and start the product; raises LabError with a command's output."""
    screen.line("install the wheel")
    _install_wheel(container)
    screen.line("restream-agent init, check, diff, apply")
    container.run((PROGRAM, "init"))
    container.write(f"{ETC}/restream.toml", configuration(server, platforms, hold))
    keys = {"ingest": INGEST_KEY, **{platform.name: platform.key for platform in platforms}}
    for name, key in keys.items():
        container.write(f"{ETC}/credentials/{name}", key + "\n", mode=0o600)
    container.run((PROGRAM, "check"))
    diff = container.run((PROGRAM, "diff"), check=False)
    if diff.returncode != DIFF_FOUND:
        raise LabError(f"diff before apply: exit status {diff.returncode}\n{diff.stdout}{diff.stderr}")
    container.run((PROGRAM, "apply"), timeout=120)
    again = container.run((PROGRAM, "diff"), check=False)
    if again.returncode != 0:
        raise LabError(f"diff after apply: exit status {again.returncode}\n{again.stdout}{again.stderr}")


def _install_wheel(container: Container) -> None:
    wheels = sorted((PROJECT / "dist").glob("restream_agent-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        raise LabError(f"no wheel in {PROJECT / 'dist'}: `make demo` builds it")
    shared = container.shared / "wheels"
    shutil.copytree(WHEELS, shared)
    shutil.copy(wheels[-1], shared)
    container.run(("python3", "-m", "venv", PREFIX), timeout=120)
    write_requirements(shared)
    inside = SHARED / "wheels"
    flags = ("--quiet", "--disable-pip-version-check", "--no-cache-dir")
    hashed = (
        "--no-index",
        "--find-links",
        str(inside),
        "--require-hashes",
        "-r",
        f"{inside}/requirements.txt",
    )
    container.run((f"{PREFIX}/bin/pip", "install", *flags, *hashed), timeout=180)
    container.run(("ln", "-s", f"{PREFIX}/bin/restream-agent", PROGRAM))
