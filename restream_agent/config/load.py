"""From the text of the TOML's files to a checked `Config`, or to every problem of the text."""

from dataclasses import dataclass
from typing import Any, get_args

from pydantic import ValidationError

from restream_agent.base.errors import ConfigError, Problem
from restream_agent.config import channel_rules
from restream_agent.config.document import Document
from restream_agent.config.keys import dotted
from restream_agent.config.model import Config, Version
from restream_agent.config.outputs import output_problems
from restream_agent.config.pieces import Piece, parse_pieces
from restream_agent.config.problems import model_problems
from restream_agent.config.salvage import salvaged, still_true
from restream_agent.config.toml_lines import BYTE_ORDER_MARK, KeyPath
from restream_agent.config.warnings import warnings

KNOWN_VERSIONS: tuple[int, ...] = get_args(Version)


@dataclass(frozen=True)
class Loaded:
    """What a TOML text says: its configuration, what is wrong with it, and what is risky.

    With problems, `config` is what the text says without its wrong parts, for further checks alone, and None
    if nothing is left; `gone` has the paths of what was left out.
    """

    document: Document
    config: Config | None
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    gone: frozenset[KeyPath] = frozenset()


def load(text: str, *, source: str) -> Config:
    """Return the configuration that a TOML text holds; `source` is the file's name for messages.

    Raises ConfigError with every problem of the text.
    """
    loaded = examine(text, source=source)
    if loaded.config is None or loaded.problems:
        # Raised outside every `except`: an error caught there holds the input, which a traceback would show.
        raise ConfigError(loaded.problems)
    return loaded.config


def examine(text: str, *, source: str) -> Loaded:
    """Return what a TOML text says, and every problem and warning in the order of its lines."""
    return examine_pieces((Piece(source, text.removeprefix(BYTE_ORDER_MARK)),))


def examine_pieces(pieces: tuple[Piece, ...]) -> Loaded:
    """Return what the files of a TOML say together, as `examine` does for one."""
    parsed = parse_pieces(pieces)
    raw, document = parsed.raw, parsed.document
    unknown = [] if raw is None else version_problems(raw, document)
    if raw is None or unknown:
        return Loaded(document, None, document.in_order((*parsed.problems, *unknown)), ())
    config, problems, gone = validate(raw, document)
    gone |= parsed.gone
    problems += channel_rules.collisions(raw, document)
    if config is not None and not any(path[0] == "ingest" for path in gone):
        problems += channel_rules.ingest_problems(config, document)
        problems += output_problems(config, document)
    problems = [*parsed.problems, *(each for each in problems if each.path not in map(dotted, parsed.gone))]
    remarks = () if config is None else still_true(warnings(config, document), gone)
    return Loaded(document, config, document.in_order(problems), tuple(remarks), gone)


def version_problems(raw: dict[str, Any], document: Document) -> list[Problem]:
    """Report an unknown version, and nothing else: the keys of another version are not known here."""
    version = raw.get("version")
    if type(version) is not int or version in KNOWN_VERSIONS:
        return []
    known = ", ".join(map(str, KNOWN_VERSIONS))
    message = f"{version} is not supported by this restream-agent"
    return [document.problem(("version",), message, f"it supports {known}: update restream-agent")]


def validate(
    raw: dict[str, Any], document: Document
) -> tuple[Config | None, list[Problem], frozenset[KeyPath]]:
    """Check the parsed text against the models: what it says, its problems, and what was left out."""
    try:
        return Config.model_validate(raw), [], frozenset()
    except ValidationError as error:
        found = error
    config, gone = salvaged(raw, found)
    return config, model_problems(found, document), gone
