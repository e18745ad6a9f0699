"""The first run on a machine with systemd: from installed to live with the commands of docs/install.md."""

import re
from contextlib import closing

import pytest

from tests.demo.install import ETC, PROGRAM, _install_wheel
from tests.lab.container import Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.lab.terminal import Terminal
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


def answer(terminal: Terminal, *answers: tuple[str, str]) -> None:
    """Wait for each question, by its end, and type the answer."""
    for question, words in answers:
        terminal.wait_for(question)
        terminal.type(words)


def test_a_person_gets_from_init_to_live_with_what_the_terminal_says() -> None:
    """Three commands: `init`, which names the other two, `obs --show-key` and `status --watch`."""
    with Container() as container:
        _install_wheel(container)
        platform = PlatformServer(container, "club", key=KEY, port=21000)
        platform.start()
        with closing(Terminal(container, columns=110)) as terminal:
            terminal.type("restream-agent init --server nginx-rtmp")
            answer(
                terminal,
                ("Enter for none yet):", f"club={platform.url}"),
                ("a picture with a message):", ""),
                ("[We will be right back]:", ""),
                ("[30min]:", "1min"),
                ("key for club (not shown):", KEY),
                ("write this? [Y/n]:", ""),
                ("apply it now? [Y/n]:", ""),
            )
            container.wait_until(terminal.is_ready, 120, "init to end")
            secret, said = container.read(f"{ETC}/credentials/ingest").strip(), terminal.text()
            assert not [key for key in (KEY, secret) if key in said], said
            named = re.findall(r"^  (restream-agent .+?)  ", said, re.MULTILINE)
            assert named == ["restream-agent obs --show-key", "restream-agent status --watch"]

            terminal.type(named[0])
            container.wait_until(lambda: f"main?key={secret}" in terminal.text(), 30, "obs to show the key")
            container.wait_until(terminal.is_ready, 30, "obs to end")
            terminal.type(named[1])
            container.wait_until(lambda: "waiting for OBS" in terminal.screen(), 30, "status to wait for OBS")
            obs = Obs(container, f"rtmp://127.0.0.1:1935/live/main?key={secret}", SMALL).start()
            container.wait_until(lambda: "LIVE" in terminal.screen(), 60, "status to show OBS")
            terminal.press("C-c")
            obs.stop()
