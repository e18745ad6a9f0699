"""The second disk of a machine: the package, SRS, what OBS sends, and the scripts that run in the machine."""

import shutil
import subprocess
from pathlib import Path

from tests.demo.install import PROJECT
from tests.lab.deadline import LabError
from tests.lab.obs import Encoder
from tests.lab.servers import SRS
from tests.vm import image, sandbox_probe, spender

MOUNTED = "/media"
PACKAGE = f"{MOUNTED}/restream-agent.deb"
CLIP = f"{MOUNTED}/clip.flv"
SRS_THERE = f"{MOUNTED}/srs"
SCRIPTS = (sandbox_probe, spender)
SIZE = "256M"

# Little, because an emulated processor copies it: the checks are about states.
PICTURE = Encoder(width=320, height=180, fps=15, profile="main", bitrate=300_000)
CLIP_SECONDS = 60


def package(suite: str) -> Path:
    """Return the newest package for a release; LabError if there is none."""
    ending = image.SUITES[suite]
    found = list((PROJECT / "dist").glob(f"restream-agent_*+{ending}_*.deb"))
    if not found:
        raise LabError(f"no package for {suite} in {PROJECT / 'dist'}: `make deb DIST={suite}` builds it")
    return max(found, key=lambda path: path.stat().st_mtime)


def make(suite: str, directory: Path) -> Path:
    """Write the disk into a directory and return it."""
    files = directory / "files"
    files.mkdir(parents=True)
    shutil.copy(package(suite), files / Path(PACKAGE).name)
    for script in SCRIPTS:
        shutil.copy(str(script.__file__), files)
    if SRS.exists():
        shutil.copy(SRS, files / Path(SRS_THERE).name)
    argv = PICTURE.file_arguments(str(files / Path(CLIP).name), CLIP_SECONDS)
    subprocess.run(argv, check=True, timeout=600, stdin=subprocess.DEVNULL, capture_output=True)
    disk = directory / "payload.raw"
    image.pack(files, disk, SIZE)
    return disk
