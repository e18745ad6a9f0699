"""Packages that are made from the one that `make deb` has built: another version, with edited modules.

Each has the maintainer scripts and the files of the real one, so a build of two minutes serves many versions.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

_TIMEOUT = 300  # seconds; packing is slow on a busy machine


def version_of(package: Path) -> str:
    """Return the Debian version of a package."""
    argv = ("dpkg-deb", "--field", str(package), "Version")
    return subprocess.check_output(argv, text=True, timeout=_TIMEOUT).strip()


def derive(package: Path, into: Path, mark: str, edits: Mapping[str, str]) -> Path:
    """Return a package in a directory, a newer one, whose version ends in `mark`, such as "1new".

    `edits` has text that is put in front of modules, by their paths in the package restream_agent.
    """
    tree = into / f"{mark}.tree"
    subprocess.run(("dpkg-deb", "--raw-extract", str(package), str(tree)), check=True, timeout=_TIMEOUT)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^(Version: .*)$", rf"\1.{mark}", control.read_text(), flags=re.M))
    (tree / "DEBIAN/md5sums").unlink()
    (site,) = tree.glob("usr/lib/restream-agent/lib/python3*/site-packages")
    (notes,) = site.glob("restream_agent-*.dist-info")
    notes.rename(notes.with_name(notes.name.replace(".dist-info", f".{mark}.dist-info")))
    for name, text in edits.items():
        module = site / "restream_agent" / name
        module.write_text(text + module.read_text())
        for compiled in module.parent.glob(f"__pycache__/{module.stem}.*.pyc"):
            compiled.unlink()  # Python reads a compiled module without a look at its source
    made = into / f"restream-agent_{mark}.deb"
    options = ("-Znone", "--root-owner-group")
    subprocess.run(("dpkg-deb", *options, "--build", str(tree), str(made)), check=True, timeout=_TIMEOUT,
                   stdout=subprocess.DEVNULL)  # fmt: skip
    shutil.rmtree(tree)
    return made
