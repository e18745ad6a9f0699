"""Finds the TOML file on the disk, and those beside it; reads and checks them."""

from pathlib import Path

from restream_agent.base import paths, toml_files
from restream_agent.base.errors import ConfigError, Problem
from restream_agent.base.files import locate
from restream_agent.config import load
from restream_agent.config.load import Loaded
from restream_agent.config.model import Config
from restream_agent.config.pieces import Piece, parse_pieces, platform_paths
from restream_agent.config.toml_lines import BYTE_ORDER_MARK, KeyPath

Edited = tuple[Path, str]
"""A file of the TOML, and the text that it is to have."""


def config_path(root: Path, given: Path | None) -> Path:
    """Return the TOML file's path: the given one, or else its usual place below `root`."""
    return given if given is not None else locate(root, paths.CONFIG)


def read(path: Path) -> tuple[Config, tuple[Problem, ...]]:
    """Return the configuration and its warnings; ConfigError if a file of it cannot be used."""
    loaded = examine(path)
    if loaded.config is None or loaded.problems:
        raise ConfigError(loaded.problems)
    return loaded.config, loaded.warnings


def examine(path: Path, edited: Edited | None = None, *, instead: Path | None = None) -> Loaded:
    """Return what the TOML says, with its problems and warnings; ConfigError if a file of it cannot be read.

    `edited` stands for what is in its file. `instead` is read in place of the file at `path`, with what is
    beside `path`.
    """
    return load.examine_pieces(read_pieces(path, edited, instead=instead))


def read_pieces(
    path: Path, edited: Edited | None = None, *, instead: Path | None = None
) -> tuple[Piece, ...]:
    """Return the TOML file and those beside it that hold platforms; ConfigError if one cannot be read."""
    usual, *beside = toml_files.toml_files(path)
    files = (instead or usual, *beside)
    return tuple(Piece(str(each), _text(each, edited).removeprefix(BYTE_ORDER_MARK)) for each in files)


def _text(path: Path, edited: Edited | None) -> str:
    if edited is None or edited[0] != path:
        return read_text(path)
    return edited[1].replace("\r\n", "\n")


def home_of(path: Path, platform: KeyPath) -> Path:
    """Return the file that has a platform; the TOML file itself if none has."""
    for piece in read_pieces(path):
        if platform in platform_paths(parse_pieces((piece,)).raw or {}):
            return Path(piece.source)
    return path


def read_text(path: Path, *, exactly: bool = False) -> str:
    """Return the text of a file of the TOML; ConfigError if it cannot be read.

    With `exactly` the line ends are the file's own, for an edit that keeps them.
    """
    try:
        if toml_files.is_beside(path) and path.is_fifo():
            raise _unread(path, "is no file that can be read", "only files belong there")
        with path.open(encoding="utf-8", newline="" if exactly else None) as file:
            text = file.read(toml_files.LARGEST + 1)
    except FileNotFoundError as error:
        raise _unread(path, "does not exist", _hint_for_missing(path)) from error
    except PermissionError as error:
        raise _unread(path, "cannot be read", "run this as root (sudo)") from error
    except UnicodeDecodeError as error:
        raise _unread(path, "is not UTF-8 text", "save it as UTF-8") from error
    except OSError as error:
        raise _unread(path, f"cannot be read: {error.strerror}", "it has to be a text file") from error
    if len(text) > toml_files.LARGEST:
        raise _unread(path, "is longer than 16 MiB", "it has to be a text file with the settings")
    return text


def _unread(path: Path, message: str, hint: str) -> ConfigError:
    return ConfigError((Problem(str(path), 0, "", message, hint),))


def _hint_for_missing(path: Path) -> str:
    if path.is_symlink():
        return "it is a link to a file that does not exist: restore that file, or remove the link"
    is_usual = str(path).endswith(paths.CONFIG)
    return "restream-agent init creates it" if is_usual else "check its path"
