"""The files of the package that are no code: inside an installed package, or at the top of a checkout."""

from pathlib import Path

from restream_agent.base import paths

_PACKAGE = Path(__file__).resolve().parents[1]


def top() -> Path:
    """Return the directory that has templates, units and docs."""
    packaged = _PACKAGE / "_assets"
    return packaged if packaged.is_dir() else _PACKAGE.parent


def version() -> str:
    """Return the version of this package; of a checkout what its environment knows.

    The directory that pip has made says it. importlib.metadata would take a fifth of the time of `--version`.
    """
    found = list(_PACKAGE.parent.glob("restream_agent-*.dist-info"))
    if len(found) == 1:
        return found[0].name.removeprefix("restream_agent-").removesuffix(".dist-info")
    from importlib import metadata

    return metadata.version("restream-agent")


def documentation() -> Path:
    """Return the directory of configuration.md and of restream.schema.json."""
    return top() / "docs"


def schema() -> Path:
    """Return the JSON schema of the TOML that belongs to this version."""
    return documentation() / "restream.schema.json"


def schema_for_editors() -> Path:
    """Return the JSON schema where it is installed, which no upgrade moves; else the package's own."""
    places = map(Path, (paths.SCHEMA, paths.LOCAL_SCHEMA))
    return next((place for place in places if place.is_file()), schema())
