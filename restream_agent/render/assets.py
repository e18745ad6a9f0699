"""The templates and static units of the package: inside an installed one, or at the top of a checkout."""

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from restream_agent.render.templates import Assets


def load() -> Assets:
    """Return the texts of the package."""
    packaged = files("restream_agent") / "_assets"
    top: Traversable = packaged if packaged.is_dir() else Path(__file__).resolve().parents[2]
    templates = {entry.name: entry.read_text() for entry in (top / "templates").iterdir() if entry.is_file()}
    templates["srs.conf.j2"] = (top / "srs.conf.j2").read_text()
    units = {entry.name: entry.read_text() for entry in (top / "units").iterdir() if entry.is_file()}
    return Assets(templates=templates, units=units)
