"""The first run on a machine with systemd: from installed to live with the commands of docs/install.md."""

import re

import pytest

from tests.demo.install import ETC, PROGRAM, _install_wheel
from tests.lab.container import Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.system.installation import Installation

pytestmark = pytest.mark.system

KEY = "first-run-platform-key"
SMALL = Encoder(width=320, height=180, bitrate=300_000)


def typed(pages: str, name: str) -> str:
    """Return what `obs` says to type into a field."""
    found = re.search(rf"^  {name} +(\S+)", pages, re.MULTILINE)
    assert found is not None, pages
    return found[1]


def test_two_commands_lead_from_installed_to_live() -> None:
    """`init` applies, `obs` says what OBS needs; a second `init` changes nothing; no key is shown unasked."""
    with Container() as container:
        _install_wheel(container)
        platform = PlatformServer(container, "club", key=KEY, port=21000)
        platform.start()
        options = ("--server", "nginx-rtmp", "--platform", f"club={platform.url}", "--yes")
        said = container.run((PROGRAM, "init", *options), input=f"{KEY}\n", timeout=120)
        secret = container.read(f"{ETC}/credentials/ingest").strip()
        assert not [key for key in (KEY, secret) if key in said.stdout + said.stderr]
        installation = Installation(container, "nginx-rtmp", {"club": platform})

        pages = installation.product("obs", "--show-key", "--host", "127.0.0.1")
        assert typed(pages, "Stream key") == f"main?key={secret}"
        obs = Obs(container, f"{typed(pages, 'Server')}/{typed(pages, 'Stream key')}", SMALL).start()
        container.wait_until(lambda: installation.state() == "live", 20, "OBS to be live")

        before = (installation.runs(), container.read(f"{ETC}/restream.toml"))
        assert "is there already: nothing was changed" in installation.product("init")
        assert before == (installation.runs(), container.read(f"{ETC}/restream.toml"))
        obs.stop()
