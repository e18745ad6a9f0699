"""Finds the TOML file on the disk, reads and checks it."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import ConfigError, Problem
from restream_agent.base.files import locate
from restream_agent.config.load import BYTE_ORDER_MARK, load
from restream_agent.config.model import Config
from restream_agent.config.toml_lines import line_of
from restream_agent.config.warnings import warnings


def config_path(root: Path, given: Path | None) -> Path:
    """Return the TOML file's path: the given one, or else its usual place below `root`."""
    return given if given is not None else locate(root, paths.CONFIG)


def read(path: Path) -> tuple[Config, tuple[Problem, ...]]:
    """Return the configuration and its warnings; ConfigError if the file cannot be used."""
    return checked(read_text(path), path)


def checked(text: str, path: Path) -> tuple[Config, tuple[Problem, ...]]:
    """Return the configuration of a text that is, or is to be, in the file at `path`, and its warnings.

    Raises ConfigError with every problem of the text.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    config = load(text, source=str(path))
    return config, warnings(config, str(path), text)


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


def located(problems: Iterable[Problem], text: str | None = None) -> tuple[Problem, ...]:
    """Return problems of files that the TOML names, each with the line of its key in the TOML.

    `text` is the TOML, where it is not in its file yet.
    """
    found = []
    for problem in problems:
        with suppress(OSError, ValueError):
            written = Path(problem.source).read_text() if text is None else text
            keys = tuple(problem.path.split("."))
            line = problem.line or line_of(written.removeprefix(BYTE_ORDER_MARK), keys)
            problem = replace(problem, line=line)  # noqa: PLW2901
        found.append(problem)
    return tuple(found)
