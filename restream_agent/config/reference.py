"""Generates the reference of the TOML from the models: documentation, full example, JSON schema."""

import json
from collections.abc import Iterator
from itertools import chain
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from restream_agent.base import paths
from restream_agent.config.agent import AgentRules
from restream_agent.config.channel import ChannelIngest, ChannelLimits, ChannelTable
from restream_agent.config.fallback import Fallback, FixedProfile
from restream_agent.config.ingest import Ingest
from restream_agent.config.keys import toml_value
from restream_agent.config.model import Config
from restream_agent.config.notify import Notify
from restream_agent.config.platform import Platform, Transcode
from restream_agent.config.policy import Policy
from restream_agent.config.presets import Preset, presets
from restream_agent.config.relay import RelayRules
from restream_agent.config.table import SecretRef, type_words

SCHEMA_LINE = f"#:schema {paths.SCHEMA}"
"""The first line of a TOML for editors that know Taplo: they complete keys and mark mistakes."""
ORIGIN = "generated from restream_agent/config/"
TABLES: tuple[tuple[str, type[BaseModel]], ...] = (
    ("ingest", Ingest),
    ("fallback", Fallback),
    ("fallback.match", FixedProfile),
    ("platforms.NAME", Platform),
    ("platforms.NAME.video", Transcode),
    ("relay", RelayRules),
    ("agent", AgentRules),
    ("notify", Notify),
    ("channels.NAME", ChannelTable),
    ("channels.NAME.ingest", ChannelIngest),
    ("channels.NAME.limits", ChannelLimits),
    ("a secret", SecretRef),
)
# Together, the platforms of the full example have every key; one alone cannot, as server excludes url.
PLATFORMS: dict[str, dict[str, Any]] = {
    "twitch": {"preset": "twitch", "server": "EU: Frankfurt, DE", "key": {"credential": "twitch"}},
    "youtube": {"preset": "youtube", "key": {"credential": "youtube"}, "backup": True},
    "club": {
        "url": "rtmps://live.example.org:443/app",
        "key": {"file": "/run/secrets/club"},
        "enabled": False,
    },
}
VIDEO = {"codec": "libx264", "height": 720, "fps": 30, "bitrate": "3000k", "keyframe": "2s"}
PROFILE = {"width": 1280, "height": 720, "fps": 30, "sample_rate": 48000, "channels": 2, "profile": "high"}

INTRODUCTION = """\
Begin the file with `version = 1`. A key or table that is not listed here is an error.

A **time span** is written as in systemd: `"90s"`, `"1min 30s"`, `"1.5h"`, `"500ms"`. A number without quotes
is in seconds.

A **secret** is written in one of three ways:

- `{ credential = "NAME" }`: a secret that `restream-agent secret set NAME` stored. systemd passes it only to
  the services that need it.
- `{ file = "/path" }`: a file that you manage.
- `"SECRET"`: the secret itself. This works, but `restream-agent check` warns about it. No message, log or
  diff ever shows it.

**Platforms in files of their own**: files `platforms.d/*.toml` beside the TOML are read behind it, in the
order of their names. Such a file holds tables `[platforms.NAME]` and `[channels.NAME.platforms.NAME]`, and
nothing else. A platform is in one file only. Messages name the file and its own line.
"""
POLICY_INTRODUCTION = f"""\
`{paths.POLICY}` says what the author of the TOML may do beyond the usual. `check` and
`apply` refuse what it does not open, and name the line that opens it. Root alone may be able to change the
file, so that it is the administrator's. A machine without it opens nothing. A change of it counts from the
next `apply` on.
"""
PRESETS_HEAD = """\
| preset | platform | URL | keyframes | video | audio | longest broadcast | notes |
|---|---|---|---|---|---|---|---|
"""


def generate() -> dict[str, str]:
    """Return the generated texts by their paths from the top of the checkout."""
    return {
        "docs/configuration.md": documentation(),
        "docs/restream.schema.json": json.dumps(json_schema(), indent=2) + "\n",
        "docs/policy.schema.json": json.dumps(policy_schema(), indent=2) + "\n",
        "examples/full.toml": full_example(),
        "examples/gitops/policy.toml": policy_example(),
    }


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the TOML, for editors that complete and check during typing."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Config.model_json_schema()


def policy_schema() -> dict[str, Any]:
    """Return the JSON schema of policy.toml."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | Policy.model_json_schema()


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """Return the keys that the TOML may have: those with an example."""
    return ((name, field) for name, field in model.model_fields.items() if field.examples)


def documentation() -> str:
    """Return the text of docs/configuration.md."""
    parts = [f"# Configuration\n\n<!-- {ORIGIN}: run `make reference` after a change -->\n", INTRODUCTION]
    for title, model in TABLES:
        heading = title[0].upper() + title[1:] if " " in title else f"`[{title}]`"
        parts.append(f"## {heading}\n\n{summary(model)}\n\n{table_of(model)}")
    parts.append(f"## The policy of a machine\n\n{POLICY_INTRODUCTION}\n{table_of(Policy)}")
    rows = "".join(map(preset_row, presets().values()))
    parts.append(f"## Presets\n\nAn empty cell means that the limit is not known.\n\n{PRESETS_HEAD}{rows}")
    servers = "".join(map(server_rows, presets().values()))
    parts.append(f"## Servers of the presets\n\nThe labels for `server`.\n\n{servers}")
    return "\n".join(parts)


def summary(model: type[BaseModel]) -> str:
    """Return the first line of a model's docstring."""
    return (model.__doc__ or "").splitlines()[0]


def table_of(model: type[BaseModel]) -> str:
    """Return a model's keys as a Markdown table."""
    # A default there is never used: what is left out is as at the top.
    default = "as in `[ingest]`" if model is ChannelIngest else ""
    rows = "".join(key_row(name, field, default or default_of(field)) for name, field in fields_of(model))
    return f"| key | type | default | what it does | example |\n|---|---|---|---|---|\n{rows}"


def key_row(name: str, field: FieldInfo, default: str) -> str:
    """Return a key's row."""
    cells = (f"`{name}`", type_words(field), default, field.description, f"`{assignment(name, field)}`")
    return f"| {' | '.join(map(str, cells))} |\n"


def assignment(name: str, field: FieldInfo) -> str:
    """Return a key's example as a line of TOML."""
    return f"{name} = {toml_value(example_of(field))}"


def example_of(field: FieldInfo) -> Any:
    """Return a key's example."""
    assert field.examples
    return field.examples[0]


def default_of(field: FieldInfo) -> str:
    """Return a key's default as the TOML writes it."""
    if field.is_required():
        return "required"
    return "" if field.default in (None, ()) else f"`{toml_value(field.default)}`"


def preset_row(preset: Preset) -> str:
    """Return a preset's row."""
    cells = (
        f"`{preset.name}`",
        preset.title,
        "yours" if preset.url is None else f"`{preset.url}`",
        f"every {preset.keyframe_max_s:g} s" if preset.keyframe_max_s else "",
        f"{preset.max_video_kbps} kbit/s" if preset.max_video_kbps else "",
        f"{preset.max_audio_kbps} kbit/s" if preset.max_audio_kbps else "",
        f"{preset.longest_broadcast_h:g} h" if preset.longest_broadcast_h else "",
        " ".join(filter(None, ("Has a backup server." if preset.backup_url else "", preset.note))),
    )
    return f"| {' | '.join(cells)} |\n"


def preset_limits(preset: Preset) -> str:
    """Return a preset's known limits and its remark as sentences, "" if there are none."""
    limits = (
        f"a keyframe every {preset.keyframe_max_s:g} s" if preset.keyframe_max_s else "",
        f"video up to {preset.max_video_kbps} kbit/s" if preset.max_video_kbps else "",
        f"audio up to {preset.max_audio_kbps} kbit/s" if preset.max_audio_kbps else "",
        f"broadcasts of up to {preset.longest_broadcast_h:g} h" if preset.longest_broadcast_h else "",
    )
    known = ", ".join(filter(None, limits))
    backup = "Has a backup server." if preset.backup_url else ""
    return " ".join(filter(None, (f"{known[:1].upper()}{known[1:]}." if known else "", backup, preset.note)))


def server_rows(preset: Preset) -> str:
    """Return the labels of a preset's servers, "" if it has no list of them."""
    if not preset.servers:
        return ""
    return f"- `{preset.name}`: {'; '.join(server.label for server in preset.servers)}\n"


def full_example() -> str:
    """Return the text of examples/full.toml, which has every key with its description."""
    lines = [SCHEMA_LINE, f"# Every key, {ORIGIN}.", "# Most keys can be left out: see minimal.toml.", ""]
    lines += ["version = 1", "", "[ingest]", *described(Ingest, shown(Ingest))]
    lines += ["", "[fallback]", *described(Fallback, shown(Fallback) | {"match": PROFILE})]
    described_keys: set[str] = set()
    for name, values in PLATFORMS.items():
        lines += ["", f"[platforms.{name}]", *described(Platform, values, known=frozenset(described_keys))]
        described_keys |= values.keys()
    lines += ["", "# " + description(Platform, "video"), "[platforms.club.video]"]
    lines += described(Transcode, VIDEO)
    lines += ["", "[relay]", *described(RelayRules, shown(RelayRules))]
    lines += ["", "[agent]", *described(AgentRules, shown(AgentRules))]
    lines += ["", "[notify]", *described(Notify, shown(Notify)), *_channel_example()]
    return "\n".join(lines) + "\n"


def policy_example() -> str:
    """Return the text of a policy.toml with every key; it opens what examples/full.toml needs."""
    head = f"# The policy of a machine, to be {paths.POLICY}; every key, {ORIGIN}."
    lines = (["", *described(Policy, {name: value})] for name, value in shown(Policy).items())
    return "\n".join((head, "# Leave out what your TOML does not need.", *chain.from_iterable(lines), ""))


def _channel_example() -> list[str]:
    """Return the lines of a channel, with each of its tables."""
    top, values = "channels.es", shown(ChannelTable)
    lines = ["", f"# {summary(ChannelTable)}", f"[{top}]", *described(ChannelTable, {"key": values["key"]})]
    models: dict[str, type[BaseModel]] = {"ingest": ChannelIngest, "limits": ChannelLimits}
    tables = {
        "ingest": shown(ChannelIngest),
        "fallback": {"video": [], **values["fallback"]},
        "limits": shown(ChannelLimits),
    }
    for name, keys in tables.items():
        model = models.get(name, ChannelTable)
        lines += ["", f"# {description(ChannelTable, name)}", f"[{top}.{name}]"]
        lines += described(model, keys, known=frozenset(() if model is ChannelLimits else keys))
    for name, keys in values["platforms"].items():
        lines += ["", f"# {description(ChannelTable, 'platforms')}", f"[{top}.platforms.{name}]"]
        lines += described(Platform, keys, known=frozenset(keys))
    return lines


def shown(model: type[BaseModel]) -> dict[str, Any]:
    """Return each key of a table with its example."""
    return {name: example_of(field) for name, field in fields_of(model)}


def described(
    model: type[BaseModel], values: dict[str, Any], *, known: frozenset[str] = frozenset()
) -> list[str]:
    """Return keys and values as TOML, each below its description unless it is in `known`."""
    lines = []
    for name, value in values.items():
        if name not in known:
            lines.append(f"# {description(model, name)}")
        lines.append(f"{name} = {toml_value(value)}")
    return lines


def description(model: type[BaseModel], name: str) -> str:
    """Return what a key does."""
    return model.model_fields[name].description or ""
