"""Finds the TOML file on the disk, and those beside it; reads and checks them."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import ConfigError, Problem
from restream_agent.base.files import locate
from restream_agent.config.load import BYTE_ORDER_MARK
from restream_agent.config.model import Config
from restream_agent.config.pieces import (
    DIRECTORY,
    Piece,
    load_pieces,
    placed,
    platform_paths,
    whole,
)
from restream_agent.config.toml_lines import KeyPath, line_of
from restream_agent.config.warnings import warnings


def config_path(root: Path, given: Path | None) -> Path:
    """Return the TOML file's path: the given one, or else its usual place below `root`."""
    return given if given is not None else locate(root, paths.CONFIG)


Edited = tuple[Path, str]
"""A file of the TOML, and the text that it is to have."""


def read(path: Path, edited: Edited | None = None) -> tuple[Config, tuple[Problem, ...]]:
    """Return the configuration and its warnings; ConfigError if the file, or one beside it, cannot be used.

    `edited` stands for what is in its file.
    """
    pieces = read_pieces(path, edited)
    config = load_pieces(pieces)
    return config, placed(warnings(config, str(path), whole(pieces)), pieces)


def read_pieces(path: Path, edited: Edited | None = None) -> tuple[Piece, ...]:
    """Return the TOML file and those beside it that hold platforms; ConfigError if one cannot be read."""
    files = (path, *sorted(path.parent.glob(f"{DIRECTORY}/[!.]*.toml")))
    return tuple(Piece(str(each), _text(each, edited).removeprefix(BYTE_ORDER_MARK)) for each in files)


def _text(path: Path, edited: Edited | None) -> str:
    return edited[1] if edited is not None and edited[0] == path else read_text(path)


def home_of(path: Path, platform: KeyPath) -> Path:
    """Return the file that has a platform; the TOML file itself if none has."""
    for piece in read_pieces(path):
        if platform in platform_paths(piece.text):
            return Path(piece.source)
    return path


def read_text(path: Path, *, exactly: bool = False) -> str:
    """Return the text of the TOML file; ConfigError if it cannot be read.

    With `exactly` the line ends are the file's own, for an edit that keeps them.
    """
    try:
        with path.open(encoding="utf-8", newline="" if exactly else None) as file:
            return file.read()
    except FileNotFoundError as error:
        is_usual = str(path).endswith(paths.CONFIG)
        hint = "restream-agent init creates it" if is_usual else "check the path after --config"
        raise ConfigError((Problem(str(path), 0, "", "does not exist", hint),)) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise ConfigError((Problem(str(path), 0, "", reason),)) from error


def located(problems: Iterable[Problem], path: Path, edited: Edited | None = None) -> tuple[Problem, ...]:
    """Return problems of files that the TOML at `path` names, each with the place of its key in the TOML.

    `edited` is as for `read`.
    """
    try:
        pieces = read_pieces(path, edited)
    except ConfigError:
        return tuple(problems)
    text, found = whole(pieces), []
    for problem in problems:
        with suppress(ValueError):
            if not problem.line:
                line = line_of(text, tuple(problem.path.split(".")))
                problem = replace(problem, line=line)  # noqa: PLW2901
        found.append(problem)
    return placed(found, pieces)
