"""From the TOML file's text to a checked `Config`."""

import tomllib
from typing import Any, get_args

from pydantic import ValidationError

from restream_agent.base.errors import ConfigError, Problem
from restream_agent.config import channel_rules
from restream_agent.config.complaints import COMPLAINT
from restream_agent.config.model import Config, Version
from restream_agent.config.outputs import output_problems
from restream_agent.config.problems import model_problems, problem, syntax_problem

BYTE_ORDER_MARK = "\ufeff"
"""Some editors begin a file with it. It is no part of the TOML."""

KNOWN_VERSIONS: tuple[int, ...] = get_args(Version)


def load(text: str, *, source: str) -> Config:
    """Return the configuration that a TOML text holds; `source` is the file's name for messages.

    Raises ConfigError with every problem of the text.
    """
    text = text.removeprefix(BYTE_ORDER_MARK)
    raw, problems = parse(text, source)
    if not problems:
        problems = version_problems(raw, text, source)
    if not problems:
        config, problems = validate(raw, text, source)
        problems = [*problems, *channel_rules.collisions(raw, text, source)]
        if config is not None:
            problems += channel_rules.ingest_problems(config, text, source)
            problems += output_problems(config, text, source)
        problems.sort(key=lambda problem: problem.line)
        if config is not None and not problems:
            return config
    # Raised outside every `except`: the error caught there holds the input, which a traceback would show.
    raise ConfigError(tuple(problems))


def parse(text: str, source: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return the parsed text and no problem, or an empty table and the problem."""
    try:
        return tomllib.loads(text), []
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: huge numbers, deep nesting
        return {}, [syntax_problem(error, text, source)]


def version_problems(raw: dict[str, Any], text: str, source: str) -> list[Problem]:
    """Report an unknown version, and nothing else: the keys of another version are not known here."""
    version = raw.get("version")
    if type(version) is not int or version in KNOWN_VERSIONS:
        return []
    known = ", ".join(map(str, KNOWN_VERSIONS))
    message = f"{version} is not supported by this restream-agent"
    hint = f"it supports {known}: update restream-agent"
    return [problem(COMPLAINT, ("version",), f"{message}\n{hint}", text, source)]


def validate(raw: dict[str, Any], text: str, source: str) -> tuple[Config | None, list[Problem]]:
    """Check the parsed text against the models."""
    try:
        return Config.model_validate(raw), []
    except ValidationError as error:
        return None, model_problems(error, text, source)
