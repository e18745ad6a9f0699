"""The man page restream-agent(1) says what the commands say."""

import re

import click

from restream_agent.cli.main import main
from restream_agent.cli.manual import PLACE, generate
from tests.unit.cli.test_help import commands


@click.group(help="Do things.", context_settings={"help_option_names": ["-h", "--help"]})
def small() -> None:
    """A program with one command."""


@small.command()
@click.argument("name")
@click.option("-y", "--yes", is_flag=True, help="Say yes.")
@click.option("--quiet", is_flag=True, hidden=True, help="Say nothing.")
def go(name: str, yes: bool, quiet: bool) -> None:
    """Go to NAME.

    \b
    1  near
    2  far

    \b
    go near
    """


@small.command(hidden=True)
def inner() -> None:
    """For units alone."""


PAGE = generate(main)[PLACE]


def test_every_command_is_there() -> None:
    """Each that the help lists, with the groups, and none that only units run."""
    headings = re.findall(r'^\.SS "(.+)"$', PAGE, re.MULTILINE)
    named = {" ".join(re.findall(r"^[a-z -]+", heading.replace("\\-", "-"))).strip() for heading in headings}
    shown = {" ".join(words) for words in commands(main) if words and not is_hidden(words)}
    assert named == shown


def is_hidden(words: tuple[str, ...]) -> bool:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command.hidden


def test_every_option_is_there() -> None:
    """At its command, or among the common ones."""
    options = {
        option
        for words in commands(main)
        if not is_hidden(words)
        for parameter in command_at(words).params
        if isinstance(parameter, click.Option) and not parameter.hidden
        for option in parameter.opts
    }
    assert {option for option in options if option.replace("-", r"\-") not in PAGE} == set()


def command_at(words: tuple[str, ...]) -> click.Command:
    command: click.Command = main
    for word in words:
        assert isinstance(command, click.Group)
        command = command.commands[word]
    return command


def test_a_small_program() -> None:
    """Its command with arguments, options and the lists in its help; nothing that is hidden."""
    text = generate(small)[PLACE]
    part = text.partition('.SH "COMMANDS"\n')[2].partition('.SH "COMMON')[0]
    assert part.splitlines() == [
        *('.SS "go [OPTIONS] NAME"', ".PP", "Go to NAME."),
        *(".TP", r"\fB1\fP", "near", ".TP", r"\fB2\fP", "far"),
        *(".PP", ".RS 4", ".EX", "go near", ".EE", ".RE"),
        *(".TP", r"\fB\-y,\~\-\-yes\fP", "Say yes."),
    ]
