"""Finds the TOML file on the disk, reads and checks it."""

from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import ConfigError, Problem
from restream_agent.base.files import locate
from restream_agent.config import load
from restream_agent.config.load import Loaded
from restream_agent.config.model import Config


def config_path(root: Path, given: Path | None) -> Path:
    """Return the TOML file's path: the given one, or else its usual place below `root`."""
    return given if given is not None else locate(root, paths.CONFIG)


def read(path: Path) -> tuple[Config, tuple[Problem, ...]]:
    """Return the configuration and its warnings; ConfigError if the file cannot be used."""
    loaded = examine(path)
    if loaded.config is None or loaded.problems:
        raise ConfigError(loaded.problems)
    return loaded.config, loaded.warnings


def examine(path: Path) -> Loaded:
    """Return what the file says, with its problems and warnings; ConfigError if it cannot be read."""
    try:
        text = path.read_text()
    except FileNotFoundError as error:
        is_usual = str(path).endswith(paths.CONFIG)
        hint = "restream-agent init creates it" if is_usual else "check the path after --config"
        raise ConfigError((Problem(str(path), 0, "", "does not exist", hint),)) from error
    except PermissionError as error:
        raise ConfigError(
            (Problem(str(path), 0, "", "cannot be read", "run this as root (sudo)"),)
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is not UTF-8 text"
        raise ConfigError((Problem(str(path), 0, "", reason),)) from error
    return load.examine(text, source=str(path))
