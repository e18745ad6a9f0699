"""The machine's policy: what its administrator opens to the author of the TOML. Pure.

The TOML may come from a repository where others propose changes. policy.toml is the administrator's own file.
"""

import posixpath
from collections.abc import Iterator
from typing import Annotated

from pydantic import ValidationError

from restream_agent.base.errors import ConfigError, Problem
from restream_agent.config.complaints import COMPLAINT, closest, complaint
from restream_agent.config.document import Document
from restream_agent.config.keys import known_keys
from restream_agent.config.model import Version
from restream_agent.config.notify import read_command
from restream_agent.config.parsing import parse
from restream_agent.config.table import Table, option
from restream_agent.config.toml_lines import BYTE_ORDER_MARK
from restream_agent.config.value_types import ValueType, choice
from restream_agent.config.values import read_path

VIDEO_DIRECTORY = "/srv/"
"""Videos below it need no policy."""

USUAL_BINARIES = ("/usr/local/srs/objs/srs", "/usr/sbin/nginx")
"""Ingest servers that need no policy: where their own installation puts them."""

_USUAL = " and ".join(f"`{binary}`" for binary in USUAL_BINARIES)
_STRINGS = {"type": "array", "items": {"type": "string"}}
_COMMANDS = {"type": "array", "items": {**_STRINGS, "minItems": 1}}


def read_places(value: object) -> object:
    """Read a list of absolute paths; one that ends in a slash stands for everything below a directory."""
    if isinstance(value, tuple):  # the default: already what the model holds
        return value
    if not isinstance(value, list):
        raise complaint("must be a list of absolute paths, each in quotes", 'write it as ["/PATH"]')
    return tuple(_place(each) for each in value)


def _place(value: object) -> str:
    path = str(read_path(value))
    if posixpath.normpath(path) != path:
        raise complaint("must be a path without . and ..")
    return f"{path.rstrip('/')}/" if str(value).endswith("/") else path


def read_commands(value: object) -> object:
    """Read a list of commands, each a program with its arguments."""
    if isinstance(value, tuple):  # the default
        return value
    if not isinstance(value, list) or not all(isinstance(each, list) and each for each in value):
        raise complaint(
            "must be a list of commands, each a list: a program and its arguments",
            'write it as [["/usr/local/bin/PROGRAM", "ARGUMENT"]]',
        )
    return tuple(read_command(each) for each in value)


def read_hosts(value: object) -> object:
    """Read a list of hosts' names."""
    if value is None or isinstance(value, tuple):  # the default
        return value
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise complaint("must be a list of hosts, each in quotes", 'write it as ["live.example.org"]')
    if any(not each or set(each) & set("/:@ *") for each in value):
        raise complaint("holds something else than a host's name or address", "write neither port nor URL")
    return tuple(each.casefold().rstrip(".") for each in value)


PLACES = ValueType("list of paths", read_places, _STRINGS)


class Policy(Table):
    """What the administrator opens to the author of the TOML. What is left out is closed, but for hosts."""

    version: Annotated[Version, choice(Version)] = option(1, "Version of this format.", example=1)
    videos: Annotated[tuple[str, ...], PLACES] = option(
        (),
        f"Fallback videos outside `{VIDEO_DIRECTORY}`: files, or directories with a slash at the end.",
        example=["/home/alice/videos/"],
    )
    key_files: Annotated[tuple[str, ...], PLACES] = option(
        (),
        "Files that `{ file = … }` may name as a secret, or directories with a slash at the end.",
        example=["/run/secrets/"],
    )
    commands: Annotated[
        tuple[tuple[str, ...], ...], ValueType("list of commands", read_commands, _COMMANDS)
    ] = option(
        (),
        "Commands that `notify.command` may be, each a list: the program and exactly these arguments.",
        example=[["/usr/local/bin/tell-me", "--channel", "main"]],
    )
    binaries: Annotated[tuple[str, ...], PLACES] = option(
        (),
        f"Ingest servers that `ingest.binary` may name beside {_USUAL}.",
        example=["/opt/srs/srs"],
    )
    hosts: Annotated[tuple[str, ...] | None, ValueType("list of hosts", read_hosts, _STRINGS)] = option(
        None,
        "Hosts that a platform's `url` and `notify.webhook` may name, beside the servers of the presets. "
        "Left out, any host may be named; a webhook in a credential is the administrator's own.",
        example=["live.example.org", "hooks.example.org"],
    )


def load_policy(text: str, *, source: str) -> Policy:
    """Return the policy that a TOML text holds; ConfigError with every problem, each at its line."""
    parsed = parse(Document(text.removeprefix(BYTE_ORDER_MARK), source))
    problems, policy = list(parsed.problems), Policy()
    try:
        policy = Policy.model_validate(parsed.raw or {})
    except ValidationError as error:
        problems += _problems(error, parsed.document)
    if problems:
        raise ConfigError(parsed.document.in_order(problems))
    return policy


def _problems(error: ValidationError, document: Document) -> Iterator[Problem]:
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        kind, path = detail["type"], detail["loc"]
        if kind == "extra_forbidden":
            known = known_keys(Policy)
            key = closest(str(path[-1]), known)
            hint = f'did you mean "{key}"?' if key else f"the keys are {', '.join(known)}"
            yield document.problem(path, "is not a known key", hint, rule="", of_name=True)
        elif kind == COMPLAINT:
            message, _, hint = detail["msg"].partition("\n")
            yield document.problem(path, message, hint, rule="")
        else:
            yield document.problem(path, "has a value of the wrong type", rule="")
