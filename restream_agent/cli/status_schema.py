"""The JSON schema of `restream-agent status --json`, made from wire/status_report.py. Pure.

`make reference` writes it to docs/status.schema.json.
"""

import json
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from restream_agent.wire import status_report
from restream_agent.wire.status_report import StatusReport

PLACE = "docs/status.schema.json"
"""Where the schema is, from the top of the checkout."""


def generate() -> dict[str, str]:
    """Return the generated text by its path from the top of the checkout."""
    return {PLACE: json.dumps(json_schema(), indent=2) + "\n"}


def json_schema() -> dict[str, Any]:
    """Return the schema, with a description of each key.

    Keys that are unknown are valid: a later version may have more of them.
    """
    made = TypeAdapter(StatusReport).json_schema()
    definitions = made.pop("$defs")
    definitions["StatusReport"] = made
    for name, definition in definitions.items():
        _describe(definition, getattr(status_report, name))
    report = definitions["StatusReport"]["properties"]
    # A program that does not report has an empty table there, not null.
    report["live"]["anyOf"] = [report["live"]["anyOf"][0], {"type": "object", "maxProperties": 0}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "restream-agent status --json",
        "description": "The status of main, and below channels that of the others. Times are in seconds, "
        "sizes in bytes, rates in bit/s and pictures per second; null stands for what is not known.",
        "allOf": [{"$ref": "#/$defs/StatusReport"}],
        "properties": {
            "channels": {
                "description": "The other channels, by name, where there are several.",
                "type": "object",
                "additionalProperties": {"$ref": "#/$defs/StatusReport"},
            }
        },
        "$defs": definitions,
    }


def _describe(definition: dict[str, Any], kind: Any) -> None:
    """Give each property the description that stands beside its field, in place of pydantic's title."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        property = definition["properties"][name]
        property.pop("title", None)
        property["description"] = hint.__metadata__[0]
