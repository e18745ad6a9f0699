"""`--help` of every command: it says what the command does, and each text fits its line."""

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from restream_agent.cli.main import main


def commands(group: click.Group, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the words that call each command below a group, groups included."""
    yield names
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *names, name)
        else:
            yield (*names, name)


@pytest.mark.parametrize("words", [*commands(main)], ids=" ".join)
def test_help_says_what_a_command_does(words: tuple[str, ...]) -> None:
    """In a sentence, below how it is called."""
    done = CliRunner().invoke(main, [*words, "--help"])
    _, _, sentence = done.stdout.partition("\n\n  ")
    assert (done.exit_code, sentence.partition("\n\n")[0][-1]) == (0, ".")


@pytest.mark.parametrize("words", [*commands(main)], ids=" ".join)
def test_help_fits_its_lines(words: tuple[str, ...]) -> None:
    """click cuts a long summary, with three dots, and a long path at a hyphen."""
    shown = CliRunner().invoke(main, [*words, "--help"]).stdout
    _, _, summaries = shown.partition("Commands:\n")
    assert "..." not in summaries
    assert not [line for line in shown.splitlines() if line.endswith("-") or len(line) > 80]
