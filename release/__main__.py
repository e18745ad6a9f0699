"""`python -m release deb`, `python -m release all`: builds in dist/, and prints the path of each file.

`deb` is the Debian package, for this machine or for the Debian below `--root DIR`; `all` is package, wheel
and source, with SHA256SUMS, in a directory of their own: `make wheel` makes other bytes of the same names.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from release import checkout, deb
from release.targets import UnknownTargetError
from release.versions import BuildVersion, UnknownVersionError

DIST = checkout.PROJECT / "dist"
RELEASE = DIST / "release"


def main() -> None:
    """Build what the arguments ask for; exit with 1 and the reason if that fails."""
    parser = argparse.ArgumentParser(prog="python -m release", description="Builds in dist/.")
    parser.add_argument("what", choices=("deb", "all"))
    parser.add_argument("--root", type=Path, default=Path("/"), help="the Debian that the package is for")
    asked = parser.parse_args()
    try:
        version = checkout.version()
        files = [_package(version, asked.root)] if asked.what == "deb" else _everything(version, asked.root)
    except (UnknownTargetError, UnknownVersionError, deb.BuildError) as error:
        sys.exit(f"release: {error}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"release: {' '.join(map(str, error.cmd))}: exit status {error.returncode}")
    for file in files:
        print(file.relative_to(checkout.PROJECT))


def _package(version: BuildVersion, root: Path) -> Path:
    # On this machine where TMPDIR says; elsewhere inside the root, where its dpkg finds it.
    place = None if root == Path("/") else root / "tmp"
    with tempfile.TemporaryDirectory(dir=place, prefix="restream-agent-") as work:
        # A build directory has the rights of its files, not of a temporary one.
        Path(work).chmod(0o755)
        wheel = checkout.pack("wheel", version, Path(work))
        return deb.keep(deb.build(version, wheel, Path(work), root), DIST)


def _everything(version: BuildVersion, root: Path) -> list[Path]:
    """Build all files of a release, with the packages of the same version for other systems."""
    _package(version, root)
    shutil.rmtree(RELEASE, ignore_errors=True)
    RELEASE.mkdir()
    packages = [
        Path(shutil.copy(package, RELEASE))
        for package in sorted(DIST.glob(f"restream-agent_{version.debian('')}*.deb"))
    ]
    files = [*packages, checkout.pack("wheel", version, RELEASE), checkout.pack("sdist", version, RELEASE)]
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)
    sums = RELEASE / "SHA256SUMS"
    sums.write_text("".join(lines))
    return [*files, sums]


if __name__ == "__main__":
    main()
