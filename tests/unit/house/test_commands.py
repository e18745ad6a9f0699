"""Every command in what people read exists; those that need no machine work."""

from contextlib import suppress
from pathlib import Path

import click
import pytest

from restream_agent.cli.main import main
from tests.unit.house.documented import MAN_PAGES, MARKDOWN, CommandLine, calls, command_lines
from tests.unit.house.stocked import run, stock

TOML = """\
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
server = "Frankfurt"
key = { credential = "twitch" }
[platforms.youtube]
preset = "youtube"
key = { credential = "youtube" }
[channels.es]
key = { credential = "ingest-es" }
[channels.court2]
key = { credential = "ingest-court2" }
"""
LINES = command_lines()
WITHOUT_A_MACHINE = {
    *(("check",), ("render",), ("diff",), ("apply",), ("schema",), ("explain",)),
    *(("platform", name) for name in ("list", "presets", "add", "remove", "enable", "disable", "set")),
    *(("secret", name) for name in ("list", "set", "remove")),
}
CHANGES_FOUND = 3


def parse(words: tuple[str, ...]) -> tuple[click.Command, tuple[str, ...]]:
    """Parse words as the program does; return the command that they call, and its name."""
    command: click.Command = main
    context, rest = None, list(words)
    names: tuple[str, ...] = ()
    while True:
        context = command.make_context(names[-1] if names else "restream-agent", rest, parent=context)
        if not isinstance(command, click.Group):
            return command, names
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command, names = found, (*names, str(name))


@pytest.mark.parametrize("line", LINES, ids=str)
def test_a_command_exists(line: CommandLine) -> None:
    """With its options and, where it stands in a block, with all its arguments."""
    try:
        parse(line.words)
    except click.exceptions.Exit:  # --help, --version
        pass
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError):
        assert not line.is_complete
    except click.UsageError as error:
        pytest.fail(f"{line}: {error.format_message()}")


def runnable() -> list[CommandLine]:
    """Return the lines of blocks that work without a machine, each once."""
    lines = dict[tuple[str, ...], CommandLine]()
    for line in LINES:
        with suppress(click.exceptions.Exit, click.UsageError):
            needs_machine = "--confirm" in line.words or parse(line.words)[1] not in WITHOUT_A_MACHINE
            if line.is_complete and not needs_machine:
                lines.setdefault(line.words, line)
    return list(lines.values())


@pytest.mark.parametrize("line", runnable(), ids=str)
def test_a_command_works(line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below a root with a few platforms and channels; TOML and policy are in the current directory, too."""
    command, names = parse(line.words)
    # Channels without a platform are warned of.
    toml = TOML.partition("[channels.es]")[0] if "--strict" in line.words else TOML
    if names == ("platform", "add"):  # it is there already
        name = line.words[2]
        toml = TOML.replace(f"platforms.{name}", "platforms.other").replace(f'"{name}" }}', '"other" }')
    place = stock(tmp_path, toml)
    (place.parent / "policy.toml").touch()
    monkeypatch.chdir(place.parent)
    with_root = any(parameter.name == "root" for parameter in command.params)
    done = run(*line.words, *(("--root", tmp_path) if with_root else ()), input="a-new-key-of-a-platform\n")
    assert done.exit_code in (0, CHANGES_FOUND if names == ("diff",) else 0), done.output


def test_each_kind_of_text_is_read() -> None:
    """A pattern that finds nothing would let every mistake pass."""
    sources = {line.source for line in LINES}
    assert {"README.md", "CHANGELOG.md", "docs/install.md", "docs/operations.md"} <= sources
    assert {"share/man/man1/restream-agent.1", "examples/club.toml"} <= sources
    assert {"docs/install.md", "examples/club.toml"} <= {line.source for line in runnable()}
    assert len(MAN_PAGES) == 2
    assert len(MARKDOWN) > 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("restream-agent check   # a comment", [("check",)]),
        (
            "openssl rand -hex 16 | restream-agent secret set a && restream-agent apply",
            [("secret", "set", "a"), ("apply",)],
        ),
        ("restream-agent schema > file", [("schema",)]),
        ("sudo restream-agent fallback on|off", [("fallback", "on"), ("fallback", "off")]),
        ("/opt/restream-agent/bin/restream-agent --version", [("--version",)]),
        ("/etc/restream-agent/restream.toml", []),
    ],
)
def test_calls_are_found_in_a_line_of_shell(text: str, expected: list[tuple[str, ...]]) -> None:
    """Behind pipes, before redirections and comments, one for each alternative."""
    assert list(calls(text)) == expected


@pytest.mark.parametrize(
    "words", [("chek",), ("check", "--strickt"), ("platform", "ad", "x"), ("schema", "x")]
)
def test_a_wrong_command_is_refused(words: tuple[str, ...]) -> None:
    """An unknown command, option or argument."""
    with pytest.raises(click.UsageError):
        parse(words)
