"""The models of the TOML file: every table and key, with its type, default, description and example.

docs/configuration.md, examples/full.toml and the JSON schema are made from them (reference.py).
Defaults are written as in the TOML and go through the same readers. Where the TOML says a word
("any", "live", "forever", "never"), the models hold None.
"""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from restream_agent.config import values
from restream_agent.config.notify import Notify
from restream_agent.config.platform import Platform
from restream_agent.config.relay import RelayRules
from restream_agent.config.sources import Fallback, Ingest
from restream_agent.config.table import REQUIRED, Table, option


class Config(Table):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(values.choice(1))] = option(
        REQUIRED, "Version of this format.", example=1, kind="1"
    )
    ingest: Ingest = option(
        {}, "Where OBS sends to, and what counts as OBS being gone.", example={}, kind="table"
    )
    fallback: Fallback = option(
        {}, "What viewers see while OBS is gone, and for how long.", example={}, kind="table"
    )
    relay: RelayRules = option({}, "What holds for every relay.", example={}, kind="table")
    platforms: dict[Annotated[str, BeforeValidator(values.read_platform_name)], Platform] = option(
        {},
        "The places that the program is sent to, each under a name of its own.",
        example={},
        kind="table of tables",
    )
    notify: Notify = option({}, "Who is told what happens.", example={}, kind="table")
