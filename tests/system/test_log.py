"""`restream-agent log` after a real broadcast: the journals of all its units in one time line, in words."""

import re
from contextlib import closing
from datetime import datetime

import click
import pytest

from tests.demo.install import PROGRAM, PUBLISH_URL
from tests.lab.obs import Encoder, Obs
from tests.lab.terminal import Terminal
from tests.system.conftest import KEY
from tests.system.installation import Installation

# The units are the same on both servers.
pytestmark = [
    pytest.mark.system,
    pytest.mark.media,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

SMALL = Encoder(width=320, height=180, bitrate=300_000)
WRITERS = {
    "broadcast", "program", "hold", "fallback", "agent", "apply", "ingest", "player",
    "relay alpha", "relay beta",
}  # fmt: skip
LINE = re.compile(r"([A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d)  (\S+(?: \S+)?) *  (\S.*)")


@pytest.fixture(scope="module")
def played(installation: Installation) -> Installation:
    """Play a broadcast: a stranger is refused, OBS is live, drops, and the operator ends it."""
    stranger = Obs(installation.container, PUBLISH_URL.replace(KEY, "wr0ng-key"), SMALL).start()
    installation.container.wait_until(lambda: not stranger.alive(), 20, "the stranger to be refused")
    obs = Obs(installation.container, PUBLISH_URL, SMALL).start()
    installation.container.wait_until(lambda: installation.state() == "live", 20, "OBS to be live")
    installation.wait_on_air(["alpha", "beta"])
    obs.kill()
    installation.container.wait_until(lambda: installation.state() == "fallback", 20, "the fallback")
    installation.product("off-air")
    return installation


def lines(said: str) -> list[tuple[str, str, str]]:
    """Return time, writer and words of each line; a further line of a text is left out."""
    found = [LINE.fullmatch(line) for line in said.splitlines() if not line.startswith("    ")]
    assert None not in found, said
    return [(line[1], line[2], line[3]) for line in found if line is not None]


def position(said: list[tuple[str, str, str]], writer: str, words: str) -> int:
    """Return where a writer first says words."""
    found = (number for number, line in enumerate(said) if line[1] == writer and words in line[2])
    number = next(found, None)
    assert number is not None, f"{writer} does not say {words!r}:\n" + "\n".join(map("  ".join, said))
    return number


def test_the_broadcast_is_told_from_its_cause_to_its_end(played: Installation) -> None:
    """Every part speaks under its own name, in the order in which things happened."""
    said = lines(played.product("log"))
    times = [datetime.strptime(f"2026 {at}", "%Y %b %d %H:%M:%S") for at, _, _ in said]
    assert times == sorted(times)
    assert {writer for _, writer, _ in said} <= WRITERS
    story = [
        ("broadcast", "ON AIR"),
        ("relay alpha", "started"),
        ("hold", "the hold begins"),
        ("broadcast", "OFF AIR"),
    ]
    positions = [position(said, *each) for each in story]
    assert positions == sorted(positions)
    for writer in ("agent", "program", "player", "relay beta"):
        assert position(said, writer, "") >= 0


def test_of_a_unit_that_starts_and_stops_there_is_one_line_each(played: Installation) -> None:
    """systemd writes several: that a start has begun, what was used, that it succeeded."""
    said = lines(played.product("log"))
    for words in ("started", "stopped"):
        assert len([line for line in said if line[1] == "relay alpha" and line[2] == words]) == 1, said
    noise = ("Starting ", "Stopping ", "Started ", "Stopped ", "Deactivated", "Consumed ", "Succeeded")
    assert [line for line in said if line[2].startswith(noise) or "Deactivated successfully" in line[2]] == []


def test_no_key_is_in_the_log(played: Installation) -> None:
    """Neither of OBS nor of a platform, nor the wrong key of a stranger."""
    everything = played.product("log", "--since", "1h")
    assert "wrong key" in everything
    for key in (KEY, "wr0ng-key", "alpha-key", "beta-key"):
        assert key not in everything


def test_it_begins_with_the_broadcast(played: Installation) -> None:
    """What was before, as the first apply, is shown with --since alone."""
    assert played.product("log").count("ON AIR") == 1
    everything = lines(played.product("log", "--since", "1h"))
    assert position(everything, "broadcast", "ON AIR") > position(
        lines(played.product("log")), "broadcast", "ON AIR"
    )
    refused = played.product("log", "--since", "soon", code=1)
    assert refused.startswith("restream-agent: soon is not a time\n")


def test_a_user_of_the_machine_is_told_how_to_read_it(played: Installation) -> None:
    """The journal is for root and the group systemd-journal."""
    done = played.container.run((PROGRAM, "log"), user="nobody", check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "use sudo, or join the group systemd-journal" in done.stderr


def test_on_a_terminal_it_has_colours(played: Installation) -> None:
    """Unless NO_COLOR is set; the words are the same."""
    with closing(Terminal(played.container, columns=200, rows=200)) as terminal:
        coloured = terminal.run("restream-agent log")
        plain = terminal.run("NO_COLOR=1 restream-agent log")
    assert ("\x1b[" in coloured, "\x1b[" in plain) == (True, False)
    assert click.unstyle(coloured) == plain


def test_it_follows_until_ctrl_c(played: Installation) -> None:
    """A broadcast that begins meanwhile is shown as it happens."""
    with closing(Terminal(played.container, columns=140)) as terminal:
        terminal.type("clear; restream-agent log --follow --since 1s")
        played.product("on-air")
        terminal.wait_shown("broadcast    ON AIR")
        terminal.wait_shown("relay alpha  started")
        played.product("off-air")
        terminal.wait_shown("OFF AIR")
        terminal.press("C-c")
        terminal.type("echo end=$?")
        terminal.wait_shown("\nend=130")
        assert "Traceback" not in terminal.screen()
