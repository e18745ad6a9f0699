"""The reference is made from the models."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from restream_agent.config.keys import known_keys, toml_value
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.config.reference import TABLES, example_of, fields_of, json_schema
from restream_agent.config.table import SecretRef, type_words

TOP = Path(__file__).parents[3]
EXAMPLES = sorted((TOP / "examples").glob("*.toml"))
MODELS = [Config, *(model for _, model in TABLES)]


def test_there_are_examples() -> None:
    """The examples are found."""
    assert {"full.toml", "minimal.toml"} <= {file.name for file in EXAMPLES}


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.name)
def test_example_loads(file: Path) -> None:
    """Every example is a valid configuration with at least one platform."""
    assert load(file.read_text(encoding="utf-8"), source=file.name).platforms


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_is_described(model: type[BaseModel]) -> None:
    """Every key has a description, an example and a type, but for what the TOML cannot say."""
    bare = {
        name
        for name, field in model.model_fields.items()
        if not (field.description and field.examples and type_words(field))
    }
    assert bare == ({"plain"} if model is SecretRef else set())


@pytest.mark.parametrize("model", [model for _, model in TABLES], ids=lambda model: model.__name__)
def test_every_example_is_valid(model: type[BaseModel]) -> None:
    """Each key's example is accepted where the key stands, and is TOML as written."""
    for name, field in fields_of(model):
        example = example_of(field)
        assert tomllib.loads(f"{name} = {toml_value(example)}") == {name: example}
        TypeAdapter[object](field.rebuild_annotation()).validate_python(example)


def test_every_table_has_its_place() -> None:
    """Each top-level table of the models has its section."""
    tables = {name for name, field in Config.model_fields.items() if name != "version"}
    assert tables == {title.partition(".")[0] for title, _ in TABLES} - {"a secret"}


def test_full_example_has_every_key() -> None:
    """No key is missing from examples/full.toml."""
    full = tomllib.loads((TOP / "examples" / "full.toml").read_text(encoding="utf-8"))
    platforms: dict[str, Any] = {}
    for platform in full["platforms"].values():
        platforms |= platform
    tables = {
        "ingest": full["ingest"],
        "fallback": full["fallback"],
        "fallback.match": full["fallback"]["match"],
        "platforms.NAME": platforms,
        "platforms.NAME.video": platforms["video"],
        "relay": full["relay"],
        "agent": full["agent"],
        "notify": full["notify"],
        "channels.NAME": full["channels"]["es"],
        "channels.NAME.ingest": full["channels"]["es"]["ingest"],
        "channels.NAME.limits": full["channels"]["es"]["limits"],
        "a secret": {"credential": 1, "file": 1},
    }
    assert {title: set(known_keys(model)) for title, model in TABLES} == {
        title: set(table) for title, table in tables.items()
    }


def test_schema_knows_the_words_and_plain_texts() -> None:
    """The schema takes what the reader takes: words, spans as text or number, secrets as text or table."""
    definitions = json_schema()["$defs"]
    match = definitions["Fallback"]["properties"]["match"]
    assert {"type": "string"} in match["anyOf"]
    assert definitions["Ingest"]["properties"]["stall"]["anyOf"][1]["type"] == "number"
    assert [each["type"] for each in definitions["SecretRef"]["anyOf"]] == ["string", "object"]
    assert set(definitions["SecretRef"]["anyOf"][1]["properties"]) == {"credential", "file"}
