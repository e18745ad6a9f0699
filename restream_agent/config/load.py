"""The TOML file: from its text to a checked `Config`."""

import tomllib
from typing import Any

from pydantic import ValidationError

from restream_agent.base.errors import ConfigError, Problem
from restream_agent.config.model import Config
from restream_agent.config.problems import model_problems, problem, syntax_problem
from restream_agent.config.relays import BACKUP, sender_of
from restream_agent.config.values import COMPLAINT

KNOWN_VERSIONS = (1,)


def load(text: str, *, source: str) -> Config:
    """Read a TOML text; `source` is the file's name for messages.

    Raises ConfigError with everything that is wrong with it.
    """
    text = text.removeprefix("\ufeff")  # some editors put a byte order mark in front
    raw, problems = parse(text, source)
    if not problems:
        problems = version_problems(raw, text, source)
    if not problems:
        config, problems = validate(raw, text, source)
        problems = sorted([*problems, *collisions(raw, text, source)], key=lambda each: each.line)
        if config is not None and not problems:
            return config
    # Raised here, outside every `except`, so that no traceback leads to an error that holds the input.
    raise ConfigError(tuple(problems))


def parse(text: str, source: str) -> tuple[dict[str, Any], list[Problem]]:
    """Parse the text; a table, empty if that fails, and the problem then."""
    try:
        return tomllib.loads(text), []
    except (ValueError, RecursionError) as error:  # not only TOMLDecodeError: huge numbers, deep nesting
        return {}, [syntax_problem(error, text, source)]


def version_problems(raw: dict[str, Any], text: str, source: str) -> list[Problem]:
    """Refuse another version's file by its version alone: its keys are not ours to judge."""
    version = raw.get("version")
    if type(version) is not int or version in KNOWN_VERSIONS:
        return []
    known = ", ".join(map(str, KNOWN_VERSIONS))
    message = f"{version} is not a version that this program knows\nit knows {known}: update the program"
    return [problem(COMPLAINT, ("version",), message, text, source)]


def validate(raw: dict[str, Any], text: str, source: str) -> tuple[Config | None, list[Problem]]:
    """Check the parsed text against the models."""
    try:
        return Config.model_validate(raw), []
    except ValidationError as error:
        return None, model_problems(error, text, source)


def collisions(raw: dict[str, Any], text: str, source: str) -> list[Problem]:
    """Refuse platforms whose relays cannot be told apart: by their names, or by what they report from.

    Looked for in the parsed text, so that it is reported together with everything else.
    """
    platforms = raw.get("platforms")
    if not isinstance(platforms, dict):
        return []
    backed_up = [name for name, table in platforms.items() if isinstance(table, dict) and table.get("backup")]
    found = [
        (name + BACKUP, f"is the name of {name}'s backup relay")
        for name in backed_up
        if name + BACKUP in platforms
    ]
    owners = dict[str, str]()
    for name in [*platforms, *(one + BACKUP for one in backed_up)]:
        owner = owners.setdefault(sender_of(name), name)
        if owner != name:
            found.append((name, f"has by chance the same address for its reports as {owner}"))
    return [
        problem(COMPLAINT, ("platforms", name), f"{message}\nrename this platform", text, source)
        for name, message in found
    ]
