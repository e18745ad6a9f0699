"""The man page restream-agent(1), made from the commands. Pure."""

import inspect
from collections import Counter
from collections.abc import Iterator, Mapping

import click

from restream_agent.base import paths
from restream_agent.config import roff

PLACE = "share/man/man1/restream-agent.1"
"""Where the page is, from the top of the checkout."""

_PROGRAM = "restream-agent"
_ANY_WIDTH = 1000  # letters: the pager breaks the lines
_SEVERAL = 3  # commands with an option make it a common one
_HELP_EVERYWHERE = {"-h, --help": "Say what the program does; behind a command, what that does."}
_COMMON = "Each command above names those that it takes."
_DESCRIPTION = """\
`restream-agent` sends one OBS upload to Twitch, YouTube, Kick and other platforms. When OBS drops, a fallback
video takes over, and every platform connection stays up. One TOML file, restream.toml(5), describes
everything; `apply` makes systemd's units of it. The agent watches the file and applies each edit.

One machine can carry several channels. Commands that know channels take `CHANNEL`; without it they mean
`main`, the top of the TOML.
"""
_CODES = {
    "0": "Done.",
    "1": "Failed. The message on standard error says why, and what to do.",
    "2": "Wrong usage.",
    "3": "`diff` has found changes.",
    "78": "The configuration is wrong: `check` shows where.",
}
_FILES = {
    paths.CONFIG: "The configuration: restream.toml(5).",
    f"{paths.OWN_DIRECTORY}platforms.d/*.toml": "Platforms in files of their own.",
    f"{paths.CREDENTIALS}/": "The keys that `secret set` stores, readable by root alone.",
    paths.SCHEMA: "The JSON schema of the configuration, for editors.",
}
_ENVIRONMENT = {"NO_COLOR": "If it is set, no output is coloured."}
_EXAMPLE = """\
restream-agent init                  # a first TOML, a key for OBS
restream-agent platform add twitch   # asks for the key
restream-agent check
restream-agent apply
restream-agent status --watch
"""
_SEE_ALSO = "restream.toml(5), systemctl(1), journalctl(1), ffmpeg(1)"


def generate(main: click.Group) -> dict[str, str]:
    """Return the page of a program's commands by its path from the top of the checkout."""
    return {PLACE: roff.page(_PROGRAM, 1, "User Commands", _parts(main))}


def _parts(main: click.Group) -> Iterator[str]:
    top = click.Context(main, info_name=_PROGRAM, terminal_width=_ANY_WIDTH, **main.context_settings)
    commands = [*_below(top)]
    common = _common(commands)
    summary = (main.help or "").rstrip(".")
    yield roff.section("Name", roff.prose(f"{_PROGRAM} - {summary[:1].lower()}{summary[1:]}"))
    yield roff.section("Synopsis", roff.prose(f"`{_PROGRAM}` [OPTIONS] COMMAND [ARGS]..."))
    yield roff.section("Description", roff.markdown(_DESCRIPTION))
    yield roff.section("Options", _tagged(dict(_options(top)) | _HELP_EVERYWHERE))
    yield roff.section("Commands", *(_command(context, common) for context in commands))
    yield roff.section("Common options", roff.paragraph(_COMMON), _tagged(common))
    yield roff.section("Exit status", _tagged(_CODES))
    yield roff.section("Environment", _tagged(_ENVIRONMENT))
    yield roff.section("Files", _tagged(_FILES))
    yield roff.section(
        "Examples", roff.paragraph("From nothing to a first broadcast:"), roff.example(_EXAMPLE)
    )
    yield roff.section("See also", roff.prose(_SEE_ALSO))


def _below(above: click.Context) -> Iterator[click.Context]:
    """Yield a context for each command of a group, and behind it for those of the groups in it."""
    group = above.command
    assert isinstance(group, click.Group)
    for name in group.list_commands(above):
        command = group.commands[name]
        if not command.hidden:
            context = click.Context(command, info_name=name, parent=above, terminal_width=_ANY_WIDTH)
            yield context
            if isinstance(command, click.Group):
                yield from _below(context)


def _command(context: click.Context, common: Mapping[str, str]) -> str:
    """Return what a command does, the options that it alone has, and the names of the others."""
    path = context.command_path.removeprefix(f"{_PROGRAM} ")
    usage = " ".join((path, *context.command.collect_usage_pieces(context)))
    options = dict(_options(context))
    own = {option: says for option, says in options.items() if option not in common}
    shared = [f"`{option.split(' ')[0].rstrip(',')}`" for option in options if option in common]
    also = roff.paragraph(f"Common options: {', '.join(shared)}.") if shared else ""
    return roff.subsection(usage, *_help(context.command), _tagged(own), also)


def _common(commands: list[click.Context]) -> dict[str, str]:
    """Return the options that several commands have, with the same help, in alphabetical order."""
    count = Counter(record for context in commands for record in _options(context))
    return dict(sorted(record for record, number in count.items() if number >= _SEVERAL))


def _help(command: click.Command) -> Iterator[str]:
    """Yield the paragraphs of a command's help; what stands behind click's mark is kept as it is."""
    for text in inspect.cleandoc(command.help or "").split("\n\n"):
        if text.startswith("\b\n"):
            yield _kept(text.removeprefix("\b\n"))
        else:
            yield roff.paragraph(text)


def _kept(text: str) -> str:
    """Return lines as they are, or as a list if each has a word and what it means."""
    entries = [line.partition("  ") for line in text.split("\n")]
    if all(word and says.strip() for word, _, says in entries):
        return _tagged({word: says.strip() for word, _, says in entries})
    return roff.example(text)


def _options(context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield each option with its help, but for --help, which every command has."""
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[1] and "--help" not in parameter.opts:
            yield record


def _tagged(entries: Mapping[str, str]) -> str:
    return "".join(roff.tagged(f"`{tag}`", says) for tag, says in entries.items())
