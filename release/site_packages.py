"""The program and its pinned dependencies, as a directory that Python imports from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from release.targets import Target

_NEEDLESS = (
    # pip's own notes. The files of a package belong to dpkg; without RECORD pip leaves them alone.
    "*.dist-info/direct_url.json",
    "*.dist-info/REQUESTED",
    "*.dist-info/INSTALLER",
    "*.dist-info/RECORD",
    # The texts are in the package's copyright file.
    "*.dist-info/licenses",
    "*.dist-info/LICENSE*",
    "*/tests",
)


def install(target: Target, wheel: Path, requirements: Path, constraints: Path, into: Path) -> None:
    """Install our wheel, and what it needs by the hashes of `requirements`, for a system.

    The index is the one that this machine's pip is configured for. Nothing is compiled. Raises
    CalledProcessError after pip has said what it misses.
    """
    hashed = ("--require-hashes", "--requirement", str(requirements), *target.pip_options())
    for arguments in (hashed, (str(wheel),)):
        _pip(*arguments, into=into, pins=constraints)
        for name in ("bin", "share"):  # programs for this machine's Python; what the package has elsewhere
            shutil.rmtree(into / name, ignore_errors=True)


def leave_to_dpkg(site_packages: Path) -> None:
    """Remove what only pip, or nobody, needs in a package."""
    for path in (path for pattern in _NEEDLESS for path in site_packages.glob(pattern)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _pip(*arguments: str, into: Path, pins: Path) -> None:
    options = ("--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps", "--use-pep517")
    argv = (sys.executable, "-m", "pip", "install", *options, "--target", str(into), *arguments)
    # A source distribution is built with the setuptools of the constraints, whose version it writes down.
    subprocess.run(argv, check=True, timeout=900, env=os.environ | {"PIP_CONSTRAINT": str(pins.resolve())})
