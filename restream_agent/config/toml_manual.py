"""The man page restream.toml(5), made from the models and the presets. Pure."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from restream_agent.base import paths
from restream_agent.config import roff
from restream_agent.config.channel import ChannelIngest
from restream_agent.config.policy import Policy
from restream_agent.config.presets import Preset, presets
from restream_agent.config.reference import (
    INTRODUCTION,
    POLICY_INTRODUCTION,
    TABLES,
    assignment,
    default_of,
    fields_of,
    preset_limits,
    summary,
)
from restream_agent.config.rules import words_of

PLACE = "share/man/man5/restream.toml.5"
"""Where the page is, from the top of the checkout."""

EXAMPLE = """\
version = 1

[ingest]
key = { credential = "ingest" }

[fallback]
message = "We will be right back"
hold = "30min"

[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
"""


def generate() -> dict[str, str]:
    """Return the page by its path from the top of the checkout."""
    return {PLACE: roff.page("restream.toml", 5, "File Formats", _parts())}


def _parts() -> Iterator[str]:
    yield roff.section("Name", roff.prose("restream.toml - configuration of restream-agent(1)"))
    yield roff.section(
        "Synopsis",
        roff.prose(f"`{paths.CONFIG}`"),
        ".br\n",
        roff.prose(f"`{paths.OWN_DIRECTORY}platforms.d/*.toml`"),
    )
    yield roff.section("Description", roff.markdown(INTRODUCTION), roff.paragraph(_LEARN))
    yield roff.section("Tables", *(_table(title, model) for title, model in TABLES))
    yield roff.section(
        "Policy", roff.markdown(POLICY_INTRODUCTION), *(_key(*each, "") for each in fields_of(Policy))
    )
    yield roff.section("Presets", roff.paragraph(_PRESETS), *map(_preset, presets().values()))
    yield roff.section(
        "Examples", roff.paragraph("One platform, and half an hour of patience:"), roff.example(EXAMPLE)
    )
    yield roff.section("See also", roff.prose(_SEE_ALSO))


_LEARN = (
    "`restream-agent explain KEY` says of a key what stands here. `restream-agent check` shows every mistake "
    f"in the file. For editors that know Taplo, such as VS Code with Even Better TOML, a first line "
    f"`#:schema {paths.SCHEMA}` completes keys and marks mistakes while you type."
)
_PRESETS = (
    "The values of `platforms.NAME.preset`. `restream-agent platform presets NAME` lists the servers of one, "
    "for `platforms.NAME.server`. A limit that is not named is not known."
)
_SEE_ALSO = "restream-agent(1), systemd.time(7), systemd.exec(5)"


def _table(title: str, model: type[BaseModel]) -> str:
    heading = title[0].upper() + title[1:] if " " in title else f"[{title}]"
    default = "as in [ingest]" if model is ChannelIngest else ""
    keys = (_key(name, field, default) for name, field in fields_of(model))
    return roff.subsection(heading, roff.prose(summary(model)), *keys)


def _key(name: str, field: FieldInfo, default: str) -> str:
    default = default or default_of(field).strip("`")
    words = default if default in ("", "required") else f"default {default}"
    tag = " ".join(filter(None, (f"`{name}` = {words_of(field)}", words and f"({words})")))
    example = assignment(name, field)
    is_said = example == f"{name} = {default}"
    return roff.tagged(tag, str(field.description), *(() if is_said else (f"Example: `{example}`",)))


def _preset(preset: Preset) -> str:
    place = f"{preset.title}, whose URL is yours." if preset.url is None else f"{preset.title}, {preset.url}."
    return roff.tagged(f"`{preset.name}`", f"{place} {preset_limits(preset)}")
