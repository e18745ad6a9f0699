"""The templates and units of the package, as texts."""

from pathlib import Path

from restream_agent.base import package_files
from restream_agent.render.templates import Assets


def documentation() -> Path:
    """Return the directory of configuration.md and of restream.schema.json, which editors read."""
    return package_files.documentation()


def load() -> Assets:
    """Return the texts of the package."""
    top = package_files.top()
    templates = {entry.name: entry.read_text() for entry in (top / "templates").iterdir() if entry.is_file()}
    templates["srs.conf.j2"] = (top / "srs.conf.j2").read_text()
    units = {entry.name: entry.read_text() for entry in (top / "units").iterdir() if entry.is_file()}
    return Assets(templates=templates, units=units)
