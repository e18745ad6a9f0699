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
    """Return the version of the checkout, of its local changes too. Raises CalledProcessError without git."""
    python = _output(sys.executable, "-m", "hatchling", "version")
    committed = int(_output("git", "log", "-1", "--format=%ct"))
    return BuildVersion.of(python, datetime.fromtimestamp(committed, UTC))


def copy(into: Path) -> None:
    """Copy every file that git knows or would add, with its local changes."""
    for name in _output("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
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
    _output(*argv, **pinned)
    (built,) = into.glob("restream_agent-*.whl" if kind == "wheel" else "restream_agent-*.tar.gz")
    return built


def _output(*argv: str, **environment: str) -> str:
    done = subprocess.run(
        argv,
        cwd=PROJECT,
        env=os.environ | environment,
        timeout=_TIMEOUT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()
