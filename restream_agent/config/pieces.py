"""A TOML in several files: the one file, and platforms in files of their own beside it. Pure.

They are read as one text, one behind the other, so that every check sees the whole; a problem is then placed
into the file and the line that it is about.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from restream_agent.base.errors import ConfigError, Problem
from restream_agent.config.load import load, parse
from restream_agent.config.model import Config
from restream_agent.config.problems import dotted
from restream_agent.config.toml_blocks import statements_of
from restream_agent.config.toml_lines import KeyPath, line_of

DIRECTORY = "platforms.d"
"""Beside the TOML file: its files *.toml are read in the order of their names."""

_HINT = "a file here holds platforms: [platforms.NAME], or [channels.NAME.platforms.NAME]"


@dataclass(frozen=True)
class Piece:
    """One file: its name for messages, and its text without a byte order mark. The first is the TOML."""

    source: str
    text: str

    @property
    def whole_lines(self) -> str:
        """The text, ending with its last line."""
        return self.text if not self.text or self.text.endswith("\n") else f"{self.text}\n"


def whole(pieces: tuple[Piece, ...]) -> str:
    """Return the text of all pieces."""
    return pieces[0].text if len(pieces) == 1 else "".join(piece.whole_lines for piece in pieces)


def load_pieces(pieces: tuple[Piece, ...]) -> Config:
    """Return the configuration that the pieces hold; ConfigError with every problem, each in its own file."""
    problems = [problem for piece in pieces for problem in parse(piece.text, piece.source)[1]]
    if not problems:
        problems = [problem for piece in pieces[1:] for problem in _strangers(piece)]
        problems += _doubles(pieces)
    if problems:
        raise ConfigError(tuple(problems))
    try:
        return load(whole(pieces), source=pieces[0].source)
    except ConfigError as error:
        found = error.problems
    raise ConfigError(placed(found, pieces))


def placed(problems: Iterable[Problem], pieces: tuple[Piece, ...]) -> tuple[Problem, ...]:
    """Return problems of the whole text, each with the file that its line is in, and its line there."""
    return tuple(_placed(problem, pieces) for problem in problems)


def _placed(problem: Problem, pieces: tuple[Piece, ...]) -> Problem:
    line = problem.line
    for piece in pieces if line else ():
        count = piece.whole_lines.count("\n")
        if line <= count:
            return replace(problem, source=piece.source, line=line)
        line -= count
    return problem


def _strangers(piece: Piece) -> list[Problem]:
    """Report what a piece may not hold; a key above the first header would belong to the file before it."""
    found = []
    for statement in statements_of(piece.text):
        path = statement.path
        is_platform = path[:1] == ("platforms",) or (
            path[:1] == ("channels",) and path[2:3] == ("platforms",)
        )
        if not is_platform or not statement.table:
            line = piece.text.count("\n", 0, statement.start) + 1
            message = "does not belong into this file" if not is_platform else "needs a header above it"
            found.append(Problem(piece.source, line, dotted(path), message, _HINT))
    return found


def _doubles(pieces: tuple[Piece, ...]) -> list[Problem]:
    """Report a platform that is in two files."""
    first, found = dict[KeyPath, Piece](), []
    for piece in pieces:
        for path in platform_paths(piece.text):
            owner = first.setdefault(path, piece)
            if owner is not piece:
                message = f"is in {owner.source}, too"
                line = line_of(piece.text, path)
                found.append(Problem(piece.source, line, dotted(path), message, "remove one of them"))
    return found


def platform_paths(text: str) -> tuple[KeyPath, ...]:
    """Return where a valid TOML text has platforms; a text that is none has none."""
    data, _ = parse(text, "")
    channels = data.get("channels")
    tables: dict[KeyPath, object] = {(): data}
    if isinstance(channels, dict):
        tables |= {("channels", name): table for name, table in channels.items()}
    return tuple(
        (*path, "platforms", name)
        for path, table in tables.items()
        if isinstance(table, dict) and isinstance(platforms := table.get("platforms"), dict)
        for name in platforms
    )
