"""What `make local` puts beside the program: man pages, completions, a schema for editors."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from functools import partial

import pytest

from tests.demo.install import ETC, PREFIX, PROGRAM, PROJECT, WHEELS, configuration
from tests.demo.wheelhouse import write_requirements
from tests.lab.container import SHARED, Container
from tests.lab.terminal import Terminal

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(shutil.which("make") is None, reason="make not installed"),
]

LOADER = "/usr/share/bash-completion/bash_completion"
SCRIPT = "/usr/local/share/bash-completion/completions/restream-agent"
ES = """
[platforms.club]
url = "rtmp://127.0.0.1:21000/app"
key = { credential = "club" }

[channels.es]
key = { credential = "ingest-es" }
"""


@pytest.fixture(scope="module")
def installed() -> Iterator[Container]:
    """Boot, run `make local` in what a checkout has after `make wheel`, and write a TOML."""
    wheels = sorted((PROJECT / "dist").glob("restream_agent-*.whl"), key=lambda path: path.stat().st_mtime)
    if not wheels:
        pytest.skip("no wheel in dist: `make wheel` builds it")
    with Container() as container:
        checkout = container.shared / "checkout"
        shutil.copytree(WHEELS, checkout / "dist")
        shutil.copy(wheels[-1], checkout / "dist")
        write_requirements(checkout / "dist")
        shutil.copy(PROJECT / "Makefile", checkout)
        for name in ("share", "docs", "examples"):
            shutil.copytree(PROJECT / name, checkout / name)
        container.run(("make", "-C", str(SHARED / "checkout"), "local"), timeout=300)
        container.run(("mkdir", "-p", ETC))
        container.write(f"{ETC}/restream.toml", configuration("nginx-rtmp", ()) + ES, mode=0o600)
        yield container


def test_the_program_is_where_the_units_look_for_it(installed: Container) -> None:
    """A link into its own directory; a second `make local` changes nothing of that."""
    installed.run(("make", "-C", str(SHARED / "checkout"), "local"), timeout=300)
    assert installed.run(("readlink", PROGRAM)).stdout.strip() == f"{PREFIX}/bin/restream-agent"
    assert "restream-agent" in installed.run((PROGRAM, "--version"), user="nobody").stdout


@pytest.mark.skipif(shutil.which("man") is None, reason="man not installed")
@pytest.mark.parametrize(
    ("page", "says"), [("restream-agent", "platform add"), ("restream.toml", "How long the fallback keeps")]
)
def test_man_opens_the_page(installed: Container, page: str, says: str) -> None:
    """For every user, found by its name alone."""
    done = installed.run(("env", "MANWIDTH=80", "man", page), user="nobody")
    assert says in done.stdout


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux not installed")
@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("restream-agent plat", "restream-agent platform"),
        ("restream-agent platform disable cl", "restream-agent platform disable club"),
        ("restream-agent platform add twi", "restream-agent platform add twitch"),
        ("restream-agent explain fallback.ho", "restream-agent explain fallback.hold"),
        ("restream-agent platform list --channel e", "restream-agent platform list --channel es"),
        ("restream-agent check --stri", "restream-agent check --strict"),
    ],
)
def test_bash_completes_at_a_tab(installed: Container, typed: str, line: str) -> None:
    """A real bash in a real terminal. Where bash-completion is installed it finds the script by itself."""
    has_loader = installed.run(("test", "-f", LOADER), check=False).returncode == 0
    # A server of its own: that of the test before may still be ending.
    tmux = ("tmux", "-L", typed.replace(" ", "-"), "-f", "/dev/null")
    installed.run((*tmux, "new-session", "-d", "-x", "120", "-y", "30", "env PS1='$ ' bash --norc -i"))

    def shows(row: str) -> bool:
        screen = installed.run((*tmux, "capture-pane", "-p")).stdout
        return row in map(str.strip, screen.splitlines())

    try:
        # A Tab that comes before bash is at its prompt completes nothing.
        installed.wait_until(partial(shows, "$"), 10, "bash to start")
        load = f"source {LOADER if has_loader else SCRIPT}; PS1='ready '; clear"
        installed.run((*tmux, "send-keys", load, "Enter"))
        installed.wait_until(partial(shows, "ready"), 10, "bash to load the completions")
        installed.run((*tmux, "send-keys", "-l", typed))
        installed.run((*tmux, "send-keys", "Tab"))
        installed.wait_until(partial(shows, f"ready {line}"), 10, f"bash to complete {typed}")
    finally:
        installed.run((*tmux, "kill-server"), check=False)


def test_fish_completes(installed: Container) -> None:
    """fish finds the script by itself; it prints what it would offer."""
    asked = (
        "complete -C 'restream-agent explain fallback.ho'; complete -C 'restream-agent platform disable cl'"
    )
    assert installed.run(("fish", "-c", asked)).stdout.split() == ["fallback.hold", "club"]


def test_zsh_completes_at_a_tab(installed: Container) -> None:
    """A real zsh in a real terminal, which finds the script by itself."""
    with closing(Terminal(installed)) as terminal:
        terminal.type("PS1='z> ' zsh -f")
        terminal.wait_for("z>")
        terminal.type("autoload -Uz compinit; compinit -u -D; clear")
        installed.wait_until(lambda: terminal.screen().strip() == "z>", 20, "zsh to load the completions")
        terminal.write("restream-agent explain fallback.ho")
        terminal.press("Tab")
        terminal.wait_shown("z> restream-agent explain fallback.hold")


def test_a_user_who_may_not_read_the_toml_sees_no_message(installed: Container) -> None:
    """Its platforms are not for everyone: nothing fits, and nothing is said into the line that is typed.

    click ends its answer with a newline, also an empty one; no shell offers that.
    """
    asked = (
        "_RESTREAM_AGENT_COMPLETE=bash_complete",
        "COMP_WORDS=restream-agent platform disable ",
        "COMP_CWORD=3",
    )
    assert installed.run(("env", *asked, PROGRAM)).stdout == "plain,club\n"
    done = installed.run(("env", *asked, PROGRAM), user="nobody")
    assert (done.stdout, done.stderr) == ("\n", "")


def test_the_schema_is_where_the_examples_say(installed: Container) -> None:
    """That of this version, for every user."""
    examples = "/usr/local/share/doc/restream-agent/examples"
    first = installed.run(("head", "-n", "1", f"{examples}/two-platforms.toml"), user="nobody").stdout
    schema = installed.run(("cat", first.removeprefix("#:schema ").strip()), user="nobody").stdout
    assert schema == installed.run((PROGRAM, "schema"), user="nobody").stdout
