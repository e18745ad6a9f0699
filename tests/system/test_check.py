"""`restream-agent check` on an installed machine: each problem at its place, an exit code for scripts."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import click
import pytest

from restream_agent.base.errors import EXIT_CONFIG
from tests.demo.install import ETC, PROGRAM
from tests.lab.terminal import Terminal
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

EDIT = "/root/edit.toml"  # the agent would apply an edit of the file itself
CREDENTIAL = f"{ETC}/credentials/club"
CLEAR = "live_club_in_the_clear"


def line_of(text: str, line: str) -> int:
    """Return the number of a line, from 1."""
    return text.splitlines().index(line) + 1


def check(installation: Installation, *arguments: str, code: int) -> tuple[str, str]:
    """Run the command; return both outputs, without the blank line at their end."""
    done = installation.container.run((PROGRAM, "check", *arguments), check=False)
    assert code == done.returncode, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout.rstrip(), done.stderr.rstrip()


@contextmanager
def without_credential(installation: Installation) -> Iterator[None]:
    """Take the platform's key away for a while."""
    installation.container.run(("mv", CREDENTIAL, "/root/club"))
    yield
    installation.container.run(("mv", "/root/club", CREDENTIAL))


def test_a_machine_that_is_in_order_has_one_line(applied: Installation) -> None:
    """On standard output, with exit code 0; strictly, too."""
    for arguments in ((), ("--strict",)):
        assert check(applied, *arguments, code=0) == (f"{TOML}: ok, 1 platform, nginx-rtmp", "")


def test_a_missing_credential_is_shown_where_it_is_named(applied: Installation) -> None:
    """With the line of the TOML, a mark under the value, and the command that stores the key."""
    line = line_of(applied.toml, 'key = { credential = "club" }')
    with without_credential(applied):
        assert check(applied, code=EXIT_CONFIG) == (
            "",
            f"{TOML}:{line}:7: error: platforms.club.key: {CREDENTIAL} does not exist\n"
            f'{line:>5} | key = {{ credential = "club" }}\n'
            "      |       ^^^^^^^^^^^^^^^^^^^^^^^\n"
            "      = hint: store it: restream-agent secret set club\n\n"
            f"{TOML}: 1 error",
        )
    assert check(applied, code=0)[1] == ""


def test_all_errors_come_in_one_go(applied: Installation) -> None:
    """Those of the text, those of keys and videos, each with its line; nothing of the machine changes."""
    before = applied.runs(), applied.files()
    bad = applied.toml.replace('hold = "12s"', 'hold = "12 parsecs"\nvideo = "/srv/nowhere.mp4"')
    bad += '\n[platforms.other]\npreset = "twich"\nkey = { credential = "other" }\n'
    applied.container.write(EDIT, bad)
    with without_credential(applied):
        said = check(applied, "--config", EDIT, code=EXIT_CONFIG)[1]
    places = [line.split(" error: ")[0] for line in said.splitlines() if " error: " in line]
    wrong = (
        "hold = ",
        "video = ",
        'key = { credential = "club"',
        'preset = "twich"',
        'key = { credential = "other"',
    )
    numbers = [n for n, line in enumerate(bad.splitlines(), 1) if line.startswith(wrong)]
    assert [place.split(":")[1] for place in places] == [str(number) for number in numbers], said
    assert said.endswith(f"{EDIT}: 5 errors; restream-agent explain fallback.hold")
    assert "30min" in applied.product("explain", "fallback.hold")
    assert before == (applied.runs(), applied.files())


def test_a_warning_fails_where_that_is_asked_for(applied: Installation) -> None:
    """A key in the TOML works, and is not shown."""
    clear = applied.toml.replace('{ credential = "club" }', f'"{CLEAR}"')
    applied.container.write(EDIT, clear, mode=0o600)
    shown, warned = check(applied, "--config", EDIT, code=0)
    assert shown == f"{EDIT}: ok, 1 platform, nginx-rtmp, 1 warning"
    line = next(number for number, text in enumerate(clear.splitlines(), 1) if CLEAR in text)
    assert warned.startswith(f"{EDIT}:{line}:7: warning: platforms.club.key: ")
    strict = check(applied, "--strict", "--config", EDIT, code=EXIT_CONFIG)
    assert strict == ("", f"{warned}\n\n{EDIT}: 1 warning (--strict)")
    assert CLEAR not in shown + warned


def read_json(installation: Installation, *arguments: str, code: int) -> dict[str, Any]:
    """Return what --json prints; it has standard output for itself."""
    shown, errors = check(installation, "--json", *arguments, code=code)
    assert errors == ""
    found: dict[str, Any] = json.loads(shown)
    return found


def test_programs_read_json(applied: Installation) -> None:
    """The same problems, with the same exit codes."""
    assert read_json(applied, code=0) == {
        "version": 1, "file": TOML, "ok": True, "errors": [], "warnings": [],
    }  # fmt: skip
    with without_credential(applied):
        (error,) = read_json(applied, code=EXIT_CONFIG)["errors"]
    assert (error["key"], error["line"], error["hint"]) == (
        "platforms.club.key",
        line_of(applied.toml, 'key = { credential = "club" }'),
        "store it: restream-agent secret set club",
    )
    applied.container.write(EDIT, applied.toml.replace('{ credential = "club" }', f'"{CLEAR}"'))
    warned = read_json(applied, "--config", EDIT, code=0)
    assert (warned["ok"], len(warned["warnings"])) == (True, 1)
    assert read_json(applied, "--strict", "--config", EDIT, code=EXIT_CONFIG)["ok"] is False


def test_a_machine_that_is_not_ready_is_no_mistake_in_the_file(applied: Installation) -> None:
    """Without polkit the agent could start nothing: exit code 1, and no line of the TOML."""
    applied.container.run(("systemctl", "mask", "--runtime", "--now", "polkit.service"))
    try:
        said = check(applied, code=1)[1]
        (error,) = read_json(applied, code=1)["errors"]
    finally:
        applied.container.run(("systemctl", "unmask", "--runtime", "polkit.service"))
        applied.container.run(("systemctl", "start", "polkit.service"))
    assert said.startswith("restream-agent: error: polkit is masked; without it the agent cannot start")
    assert (error["file"], error["line"]) == (None, None)
    assert check(applied, code=0)[1] == ""


def test_on_a_terminal_the_mark_is_coloured(applied: Installation) -> None:
    """Unless NO_COLOR is set; the words are the same."""
    with without_credential(applied), closing(Terminal(applied.container)) as terminal:
        coloured = terminal.run("restream-agent check")
        plain = terminal.run("NO_COLOR=1 restream-agent check")
    assert ("\x1b[" in coloured, "\x1b[" in plain) == (True, False)
    assert plain == click.unstyle(coloured)
