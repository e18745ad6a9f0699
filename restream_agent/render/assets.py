"""The texts of the package that are no code: inside an installed package, or at the top of a checkout."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from restream_agent.render.templates import Assets


def _top() -> Traversable:
    packaged = files("restream_agent") / "_assets"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[2]


def documentation() -> Path:
    """Return the directory of configuration.md and of restream.schema.json, which editors read."""
    return Path(str(_top() / "docs"))


def load() -> Assets:
    """Return the texts of the package."""
    top = _top()
    templates = {entry.name: entry.read_text() for entry in (top / "templates").iterdir() if entry.is_file()}
    templates["srs.conf.j2"] = (top / "srs.conf.j2").read_text()
    units = {entry.name: entry.read_text() for entry in (top / "units").iterdir() if entry.is_file()}
    return Assets(templates=templates, units=units)
