"""docs/moving.md: its commands, on an old and a new server."""

import re
import shutil
from pathlib import Path

import pytest

from tests.demo.install import ETC, PROGRAM, PUBLISH_URL, _install_wheel, configuration
from tests.lab.container import SHARED, Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

PAGE = Path(__file__).parents[2] / "docs/moving.md"
ARCHIVES = ("restream.tgz", "videos.tgz")
VIDEO = "/srv/restream/away.mp4"
KEY_FILES = (f"{ETC}/credentials/ingest", f"{ETC}/credentials/alpha", TOML, VIDEO)
SMALL = Encoder(width=320, height=180, bitrate=300_000)


def commands(heading: str) -> str:
    """Return the commands below a heading of the page."""
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2]
    found = re.search(r"```sh\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found[1].replace(" restream-agent", f" {PROGRAM}").replace("\nrestream-agent", f"\n{PROGRAM}")


def old_server(container: Container, toml: str) -> None:
    """Set a server up: TOML, keys, a video."""
    _install_wheel(container)
    container.write(TOML, toml)
    for name, key in (("ingest", "demo-ingest-key"), ("alpha", "alpha-key")):
        container.write(f"{ETC}/credentials/{name}", f"{key}\n", mode=0o600)
    container.run(("mkdir", "-p", str(Path(VIDEO).parent)))
    picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=2", "-pix_fmt", "yuv420p")
    container.run(("ffmpeg", "-v", "error", *picture, VIDEO), timeout=60)
    container.run((PROGRAM, "apply"), timeout=120)


def owners(container: Container) -> str:
    """Return owner, mode and content of what moves."""
    modes = container.run(("stat", "-c", "%n %U:%G %a", *KEY_FILES)).stdout
    return modes + container.run(("sha256sum", *KEY_FILES)).stdout


def test_the_new_server_is_the_old_one(tmp_path: Path) -> None:
    """With the same key for OBS and for the platform, and the same owners; the archives are root's alone."""
    with Container() as old:
        platform = PlatformServer(old, "alpha", key="alpha-key", port=21000)
        toml = configuration("nginx-rtmp", (platform,)).replace(
            "[fallback]", f'[fallback]\nvideo = "{VIDEO}"', 1
        )
        old_server(old, toml)
        before = owners(old)
        old.run(("sh", "-e", "-c", commands("On the old server")))
        for name in ARCHIVES:
            assert old.run(("stat", "-c", "%U %a", f"/root/{name}")).stdout == "root 600\n"
            old.run(("cp", f"/root/{name}", str(SHARED)))
            shutil.copy(old.shared / name, tmp_path)
    with Container() as new:
        platform = PlatformServer(new, "alpha", key="alpha-key", port=21000)
        platform.start()
        _install_wheel(new)
        for name in ARCHIVES:
            shutil.copy(tmp_path / name, new.shared)
            new.run(("install", "-m", "600", f"{SHARED}/{name}", f"/root/{name}"))
        new.run(("sh", "-e", "-c", commands("On the new server")), timeout=180)
        assert owners(new) == before
        installation = Installation(new, "nginx-rtmp", {"alpha": platform}, toml)
        obs = Obs(new, PUBLISH_URL, SMALL).start()
        new.wait_until(lambda: installation.state() == "live", 30, "OBS to be live on the new server")
        installation.wait_on_air(("alpha",))
        obs.stop()
        installation.product("off-air")
