"""The filter `to_toml` of examples/ansible: what it writes is read back as it was."""

import importlib.util
import tomllib
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st

from tests.lab.playbooks import COLLECTION

SPEC = importlib.util.spec_from_file_location("to_toml", COLLECTION / "plugins/filter/to_toml.py")
assert SPEC is not None
assert SPEC.loader is not None
MODULE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MODULE)
to_toml = MODULE.to_toml

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(MODULE.SMALLEST, MODULE.LARGEST),
    st.floats(allow_nan=False),
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20)
REFERENCES = st.fixed_dictionaries({"credential": TEXTS})


@given(st.dictionaries(TEXTS, VALUES | REFERENCES))
def test_what_is_written_is_read_back(table: dict[str, Any]) -> None:
    """Every text, number, list and table, under every key, in the same order."""
    assert tomllib.loads(to_toml(table)) == table


@given(st.dictionaries(TEXTS, VALUES))
def test_a_dictionary_is_written_in_one_way(table: dict[str, Any]) -> None:
    """So a second run of a playbook changes nothing."""
    assert to_toml(table) == to_toml(tomllib.loads(to_toml(table)))


def test_a_configuration_looks_as_in_the_docs() -> None:
    """Tables have headers, references of secrets stand in their line."""
    table = {
        "version": 1,
        "ingest": {"key": {"credential": "ingest"}, "server": "srs"},
        "platforms": {"twitch": {"preset": "twitch", "video": {"fps": 30}, "enabled": True}},
        "agent": {},
    }
    assert to_toml(table) == (
        'version = 1\n\n[ingest]\nkey = { credential = "ingest" }\nserver = "srs"\n\n'
        '[platforms.twitch]\npreset = "twitch"\nenabled = true\n\n[platforms.twitch.video]\nfps = 30\n\n'
        "[agent]\n"
    )


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["a"], "to_toml takes a dictionary, not list"),
        ({"a": {"b": None}}, "a.b: TOML has no empty value"),
        ({"a": [2**63]}, "a: TOML has no whole number of more than 64 bits"),
        ({"a": {1: "b"}}, "a: a key has to be a text, not number: put it into quotes"),
        ({True: "b"}, "a key has to be a text, not bool: put it into quotes"),
        ({"a": b"secret"}, "a: TOML has no bytes"),
        ({"a": "\ud800"}, "a: the text is no Unicode"),
    ],
)
def test_what_toml_cannot_hold_is_refused(value: object, message: str) -> None:
    """With its place, and without its text."""
    with pytest.raises(AnsibleFilterError) as raised:
        to_toml(value)
    assert message == raised.value.message
