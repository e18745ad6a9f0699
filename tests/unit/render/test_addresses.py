"""Each address, socket and runtime directory is said in one module of base."""

import re
from pathlib import Path

import pytest

from restream_agent.base import endpoints

PROJECT = Path(__file__).resolve().parents[3]
ADDRESSES, DIRECTORIES = "restream_agent/base/endpoints.py", "restream_agent/base/paths.py"
SAID_IN = {
    r"\b8085\b": ADDRESSES,
    r"\b8086\b": ADDRESSES,
    r"\b1985\b": ADDRESSES,
    r"\blive\.sock\b": ADDRESSES,
    r"\brelay\.sock\b": ADDRESSES,
    r"\btelemetry\.sock\b": ADDRESSES,
    r"\bnotify\.sock\b": ADDRESSES,
    r"/run/restream": DIRECTORIES,
}
TEXTS = {
    str(path.relative_to(PROJECT)): path.read_text()
    for part in ("units", "templates", "restream_agent", "srs.conf.j2")
    for path in sorted(p for p in (PROJECT / part, *(PROJECT / part).rglob("*")) if p.is_file())
    if path.suffix != ".pyc" and "__pycache__" not in path.parts
}


@pytest.mark.parametrize(("literal", "module"), SAID_IN.items())
def test_an_address_is_said_in_one_module(literal: str, module: str) -> None:
    """Units, templates and code take it from there."""
    assert [name for name, text in TEXTS.items() if re.search(literal, text)] == [module]


def test_no_two_endpoints_are_the_same() -> None:
    """Each has one listener."""
    said = [value for name, value in vars(endpoints).items() if name.isupper() and name != "RUNTIME"]
    assert len(said) == len(set(said)) == 7
