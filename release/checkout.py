"""The checkout: its version by git, and a copy of its files without what was built in it."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from release.versions import BuildVersion

PROJECT = Path(__file__).resolve().parents[1]
_TIMEOUT = 120  # seconds; git reads one checkout, hatchling packs it


def version() -> BuildVersion:
    """Return the version of the checkout, of its local changes too; of an unpacked archive the fallback's."""
    python = _output(sys.executable, "-m", "hatchling", "version")
    committed = _git("log", "-1", "--format=%ct") or (PROJECT / "pyproject.toml").stat().st_mtime
    return BuildVersion.of(python, datetime.fromtimestamp(int(committed), UTC))


def copy(into: Path) -> None:
    """Copy every file that git knows or would add, with local changes; without git, what was not built."""
    known = _git("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in known.split("\0") if known else _not_built():
        place = PROJECT / name
        if name and place.is_file():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(place, into / name)


def pack(kind: str, version: BuildVersion, into: Path) -> Path:
    """Build the wheel ("wheel") or the source ("sdist") in a directory; return its path.

    The date of every file inside is that of the version, so each build has the same bytes.
    """
    pinned = {"SOURCE_DATE_EPOCH": str(version.epoch), "SETUPTOOLS_SCM_PRETEND_VERSION": version.python}
    argv = (sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(into))
    try:
        _output(*argv, **pinned)
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.stderr}hatchling cannot build the {kind}")
    (built,) = into.glob("restream_agent-*.whl" if kind == "wheel" else "restream_agent-*.tar.gz")
    return built


def has_changes() -> bool:
    """Whether git sees local changes."""
    return _git("status", "--porcelain") != ""


def _not_built() -> list[str]:
    """Return the files of a tree without git, without those that make has built."""
    places = (path.relative_to(PROJECT) for path in PROJECT.rglob("*"))
    built = {".git", ".venv", ".cache", "dist", "__pycache__"}
    return [str(place) for place in places if not built.intersection(place.parts)]


def _git(*arguments: str) -> str:
    """Return git's answer, "" if this is no repository."""
    try:
        return _output("git", *arguments)
    except subprocess.CalledProcessError:
        return ""


# A checkout may belong to another user than the one that builds, as root does; git then asks for this.
_ANY_OWNER = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}


def _output(*argv: str, **environment: str) -> str:
    done = subprocess.run(
        argv,
        cwd=PROJECT,
        env=os.environ | _ANY_OWNER | environment,
        timeout=_TIMEOUT,
        check=True,
        capture_output=True,  # hatchling tells of a file on stderr that this program moves
        text=True,
    )
    return done.stdout.strip()
