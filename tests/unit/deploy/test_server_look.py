"""Whether anybody uses Debian's web server: only one that came along and was never set up is nobody's."""

import os
from pathlib import Path

import pytest

from restream_agent.deploy.server_look import has_idle_web_server

ON = "active\nenabled\n"


class WebServer:
    """A root with Debian's nginx as its package leaves it, and what systemctl, apt-mark and dpkg say."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        for directory in ("bin", "etc/nginx/sites-enabled", "etc/nginx/conf.d", "var/www/html"):
            (root / directory).mkdir(parents=True)
        self.add("etc/nginx/sites-enabled/default")
        self.add("var/www/html/index.nginx-debian.html")
        self.say("systemctl", ON)
        self.say("apt-mark", "nginx\n")
        self.say("dpkg", "missing     /usr/share/doc/nginx-common/copyright\n")

    def add(self, path: str) -> None:
        """Make an empty file."""
        (self.root / path).touch()

    def say(self, program: str, words: str) -> None:
        """Have a program say this; dpkg --verify fails if it finds anything."""
        (self.bin / program).write_text(f"#!/bin/sh\nprintf '%s' '{words}'\nexit 2\n")
        (self.bin / program).chmod(0o755)


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WebServer:
    """Put the stand-ins before the programs."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return WebServer(tmp_path)


@pytest.mark.parametrize("state", [ON, "inactive\nenabled\n", "active\ndisabled\n"])
def test_what_came_along_and_shows_the_page_of_welcome_is_nobody_s(web: WebServer, state: str) -> None:
    """On now, or at the next boot."""
    web.say("systemctl", state)
    assert has_idle_web_server(web.root)


@pytest.mark.parametrize("state", ["inactive\ndisabled\n", "inactive\n\n", "inactive\nmasked\n"])
def test_what_is_off_needs_nothing(web: WebServer, state: str) -> None:
    """Also where there is no such unit."""
    web.say("systemctl", state)
    assert not has_idle_web_server(web.root)


def test_what_a_person_has_installed_stays(web: WebServer) -> None:
    """apt-mark showauto does not list it."""
    web.say("apt-mark", "")
    assert not has_idle_web_server(web.root)


@pytest.mark.parametrize(
    "path",
    ["etc/nginx/sites-enabled/club", "etc/nginx/conf.d/club.conf", "var/www/html/index.html"],
)
def test_what_serves_anything_else_stays(web: WebServer, path: str) -> None:
    """A site, a configuration, or a page of one's own."""
    web.add(path)
    assert not has_idle_web_server(web.root)


def test_what_was_edited_stays(web: WebServer) -> None:
    """dpkg knows each file's content."""
    web.say("dpkg", "??5?????? c /etc/nginx/sites-available/default\n")
    assert not has_idle_web_server(web.root)


def test_where_there_is_no_dpkg_nothing_came_along(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system's nginx is not touched."""
    (web.bin / "apt-mark").unlink()
    monkeypatch.setenv("PATH", str(web.bin))
    assert not has_idle_web_server(web.root)
