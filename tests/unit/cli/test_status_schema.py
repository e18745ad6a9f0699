"""The JSON schema of `status --json` holds for what is printed, and takes nothing back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import fastjsonschema
import pytest

from restream_agent.cli.status_schema import json_schema
from restream_agent.wire.status_report import ChannelsReport, HandOffStatus, PublisherStatus, RefusalStatus
from tests.unit.cli.test_status_view import RELAY, UNKNOWN, status

PROJECT = Path(__file__).resolve().parents[3]
FIRST = PROJECT / "tests/data/published/status.schema.json"
"""The schema as it was first published. It never changes: scripts were written against it."""

LIVE = status(twitch=RELAY, kick=UNKNOWN)
FULL = replace(
    LIVE,
    publisher=PublisherStatus("main", "192.0.2.1"),
    refusal=RefusalStatus("wrong key", "203.0.113.9", 61.0, 9),
    hand_offs=(HandOffStatus("drop", "fallback", 3.0, None),),
    unplayable={"opus": "…"},
    on_air_for=60.0,
    failed_units=("restream-notify.service",),
)
SILENT = replace(LIVE, state="on air", since=None, cause=None, live=None)


def plain(value: Any) -> Any:
    """Return what JSON makes of plain data."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("report", [LIVE, FULL, SILENT], ids=["live", "full", "silent"])
def test_what_status_prints_is_valid(report: Any) -> None:
    """Of one channel, and of several."""
    check = fastjsonschema.compile(json_schema())
    check(plain(ChannelsReport({"main": report}).as_table()))
    check(plain(ChannelsReport({"main": report, "es": report}).as_table()))


def test_a_value_of_another_type_is_not() -> None:
    """At the top, in a relay, and in another channel."""
    check = fastjsonschema.compile(json_schema())
    table = plain(ChannelsReport({"main": LIVE, "es": LIVE}).as_table())
    for wrong in (
        table | {"held": "no"},
        table | {"relays": {"twitch": table["relays"]["twitch"] | {"failures": "4"}}},
        table | {"channels": {"es": {}}},
        table | {"live": None},
    ):
        with pytest.raises(fastjsonschema.JsonSchemaValueException):
            check(wrong)


def test_every_key_has_a_description() -> None:
    """A sentence's part, not the name again."""
    for definition in json_schema()["$defs"].values():
        for name, found in definition["properties"].items():
            assert found["description"], name
            assert "title" not in found


def test_what_was_once_published_stays() -> None:
    """Each key, with its type, and required where it was. New keys are welcome."""
    first, now = json.loads(FIRST.read_text())["$defs"], plain(json_schema())["$defs"]
    for name, definition in first.items():
        properties = now[name]["properties"]
        for key, was in definition["properties"].items():
            types = {
                part: was.get(part) for part in ("type", "anyOf", "$ref", "items", "additionalProperties")
            }
            assert {part: properties[key].get(part) for part in types} == types, f"{name}.{key}"
        assert set(definition["required"]) <= set(now[name]["required"])
