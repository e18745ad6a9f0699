"""What `restream-agent status` says of a real installation: what the channel waits for, what to do."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

import click
import fastjsonschema
import pytest

from restream_agent.cli.status_exit import StatusExit
from restream_agent.cli.status_schema import json_schema
from tests.demo.install import PROGRAM, PUBLISH_URL, _install_wheel
from tests.lab.container import Container
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer
from tests.lab.terminal import Terminal
from tests.system.conftest import KEY
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

SMALL = Encoder(width=320, height=180, bitrate=300_000)


def first_line(installation: Installation) -> str:
    """Return the line of the channel."""
    return installation.product("status").splitlines()[0]


def is_said(installation: Installation, words: str) -> bool:
    """Tell whether words are in the status."""
    return words in installation.product("status")


def field(installation: Installation, name: str) -> Any:
    """Return a field of the JSON."""
    return json.loads(installation.product("status", "--json"))[name]


def test_before_set_up_each_command_says_the_next_step() -> None:
    """Not that a broadcast goes on without the agent, and no path that does not exist; as root and not."""
    with Container() as container:
        _install_wheel(container)
        installation = Installation(container, "nginx-rtmp", {})
        for command in (("status",), ("on-air",), ("off-air",), ("fallback", "on")):
            assert "not set up on this machine yet" in installation.product(*command, code=1)
        as_user = container.run(("/usr/local/bin/restream-agent", "init"), user="nobody", check=False)
        assert ("Traceback" in as_user.stderr, "init has to be root" in as_user.stderr) == (False, True)
        installation.product("init")
        assert "has not been applied yet" in installation.product("on-air", code=1)


def test_off_air_says_what_it_waits_for(applied: Installation) -> None:
    """OBS; or the operator, while OBS sends on after `off-air`. The time counts from the end."""
    assert first_line(applied).endswith("waiting for OBS at rtmp://HOST:1935/live")
    obs = Obs(applied.container, PUBLISH_URL, SMALL).start()
    applied.container.wait_until(lambda: applied.state() == "live", 20, "OBS to be live")
    applied.container.run(("sleep", "4"))
    applied.product("off-air")
    assert applied.state() == "off air"
    assert field(applied, "since") < 4
    words = "OBS is sending: restream-agent on-air shows it"
    applied.container.wait_until(lambda: first_line(applied).endswith(words), 10, words)
    applied.product("on-air")
    applied.container.wait_until(lambda: applied.state() == "live", 20, "OBS to be live again")
    obs.stop()
    applied.product("off-air")


def test_a_refused_publisher_is_shown(applied: Installation) -> None:
    """With its reason and address, and without the key."""
    obs = Obs(applied.container, PUBLISH_URL.replace(KEY, "wr0ng"), SMALL).start()
    words = "ago: wrong key, from 127.0.0.1"
    applied.container.wait_until(lambda: words in applied.product("status"), 10, words)
    obs.kill()
    refusal = field(applied, "refusal")
    assert (refusal["reason"], refusal["address"]) == ("wrong key", "127.0.0.1")
    assert "wr0ng" not in applied.product("status", "--json")


def test_a_refused_edit_is_shown_with_its_line(applied: Installation) -> None:
    """The unit's STATUS= outlives its failure, and a good edit ends it."""
    good = applied.container.read(TOML)
    bad = good.replace("[fallback]\n", "[fallback]\nholdd = 1\n")
    line = bad.splitlines().index("holdd = 1") + 1
    applied.edit(bad, succeeds=False)
    words = f"last edit not applied: restream.toml:{line}:1: fallback.holdd: "
    applied.container.wait_until(lambda: words in applied.product("status"), 10, words)
    applied.container.write(TOML, good)
    applied.product("apply")
    applied.container.wait_until(lambda: field(applied, "config") == "ok", 10, "the edit to be forgotten")


def test_a_platform_that_is_not_there_says_so(applied: Installation) -> None:
    """Nobody serves it: after three attempts no key is blamed, and the next attempt is named."""
    applied.product("on-air")
    for words in ("UNREACHABLE", "times, next try in ", ": the host accepts no connection on this port"):
        applied.container.wait_until(partial(is_said, applied, words), 40, words)
    assert "wrong key?" not in applied.product("status")
    applied.product("off-air")


@pytest.fixture(scope="module")
def served(applied: Installation) -> Installation:
    """Start the platform, which was not there in the tests above."""
    platform = PlatformServer(applied.container, "club", key="club-key-1", port=21000)
    platform.start()
    applied.platforms["club"] = platform
    return applied


def set_key(installation: Installation, key: str) -> None:
    """Give the platform's relay another key."""
    installation.container.run((PROGRAM, "secret", "set", "club"), input=f"{key}\n")
    installation.product("apply")


def test_a_platform_that_refuses_says_what_to_check(served: Installation) -> None:
    """It has another key: after three attempts the next one and the credential are named."""
    set_key(served, "another-key")
    served.product("on-air")
    remedy = "wrong key? (restream-agent secret set club)"
    for words in (remedy, "times, next try in "):
        served.container.wait_until(partial(is_said, served, words), 40, words)
    journal = served.words("ffmpeg-relay@club.service")
    assert any(line.endswith(": the platform ends it, as for a wrong key") for line in journal), journal
    served.product("off-air")
    set_key(served, "club-key-1")


@contextmanager
def live(installation: Installation) -> Iterator[None]:
    """Have OBS live at the platform for a while."""
    obs = Obs(installation.container, PUBLISH_URL, SMALL).start()
    wait_code(installation, StatusExit.LIVE)
    yield
    obs.stop()


def wait_code(installation: Installation, code: StatusExit) -> None:
    """Wait until `status --exit-code` exits with a code."""
    argv = (PROGRAM, "status", "--exit-code")
    installation.container.wait_until(
        lambda: installation.container.run(argv, check=False).returncode == code, 40, f"the code {code!r}"
    )


def test_a_script_reads_the_state_from_the_exit_code(served: Installation) -> None:
    """Without the option the code is 0, whatever the state is."""
    wait_code(served, StatusExit.OFF_AIR)
    served.product("status")
    served.product("on-air")
    wait_code(served, StatusExit.FALLBACK)
    with live(served):
        served.platforms["club"].behave("refuse")
        wait_code(served, StatusExit.PLATFORM)
        served.platforms["club"].behave("pass")
        wait_code(served, StatusExit.LIVE)
    wait_code(served, StatusExit.FALLBACK)
    served.product("off-air")
    served.edit(f"{served.toml}[platforms\n", succeeds=False)
    wait_code(served, StatusExit.NEEDS_HAND)
    served.edit(served.toml)
    wait_code(served, StatusExit.OFF_AIR)


def test_on_a_terminal_it_is_a_coloured_table(served: Installation) -> None:
    """Each cell begins below its heading; NO_COLOR takes the colours, and no word."""
    with live(served), closing(Terminal(served.container, columns=140)) as terminal:
        served.container.wait_until(partial(is_said, served, "PLATFORM"), 20, "the relay's figures")
        coloured = terminal.run("restream-agent status")
        plain = terminal.run("NO_COLOR=1 restream-agent status")
    served.product("off-air")
    assert ("\x1b[" in coloured, "\x1b[" in plain) == (True, False)
    lines = click.unstyle(coloured).splitlines()
    assert lines[0].startswith("LIVE for ")
    assert [line[:10] for line in lines[1:3]] == ["  on air  ", "  source  "]
    head = next(line for line in lines if "PLATFORM" in line)
    row = next(line for line in lines if line.startswith("  club "))
    starts = [head.index(name) for name in head.split()]
    assert all((row[at - 2 : at], row[at : at + 1].isspace()) == ("  ", False) for at in starts), (head, row)
    assert row.split()[1] == "delivering"


def test_the_json_is_as_its_schema_says(served: Installation) -> None:
    """Off air and live."""
    fits = fastjsonschema.compile(json_schema())
    fits(json.loads(served.product("status", "--json")))
    with live(served):
        fits(json.loads(served.product("status", "--json")))
    served.product("off-air")


def test_off_air_is_off_air_when_it_returns(served: Installation) -> None:
    """No process of the broadcast is left, though OBS goes on; the words say so."""
    with live(served):
        said = served.product("off-air")
        left = served.runs()
        assert said.startswith("off air; OBS is still sending: restream-agent on-air shows it")
        assert {"restream.target", "fallback.service", "ffmpeg-relay@club.service"} & set(left) == set()
        assert "off air already" in served.product("off-air")
        assert served.state() == "off air"
    served.container.wait_until(lambda: not served.is_fed("club"), 10, "the platform's connection to end")


def test_watch_draws_in_place_and_gives_the_terminal_back(served: Installation) -> None:
    """Ctrl-C leaves the last status below what was there before, and the terminal as it was."""
    with closing(Terminal(served.container)) as terminal:
        terminal.type("clear; echo earlier; stty -g > /tmp/stty; restream-agent status --watch")
        first = terminal.wait_shown("(Ctrl-C ends)")
        history = terminal.variable("history_size")
        served.container.wait_until(lambda: terminal.screen() != first, 10, "another second")
        served.product("on-air")
        shown = terminal.wait_shown("FALLBACK for ")
        assert (shown.count("Ctrl-C ends"), "OFF AIR" in shown, "earlier" in shown) == (1, False, False)
        assert (terminal.variable("alternate_on"), terminal.variable("history_size")) == ("1", history)
        terminal.press("C-c")
        terminal.type("echo end=$?; stty -g | cmp - /tmp/stty && echo unchanged")
        shown = terminal.wait_shown("\nunchanged")
        assert shown.index("earlier") < shown.index("FALLBACK for ") < shown.index("\nend=0")
        assert (terminal.variable("alternate_on"), terminal.variable("cursor_flag")) == ("0", "1")
    served.product("off-air")
