"""The Debian package: fills a copy of the checkout with what needs a network; debhelper packs it offline.

debian/ in the checkout is what is the same for every build. Version, changelog, licences, accounts and the
Python packages are made here.
"""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from release import accounts, checkout, licences, site_packages
from release.targets import Target, read_target
from release.versions import BuildVersion

_MACHINE = Path("/")
_TIMEOUT = 1800  # seconds: a small or busy machine
_CHANGELOG = """\
restream-agent ({version}) unstable; urgency=medium

  * Build of {python}.
  * CHANGELOG.md has what has changed.

 -- {maintainer}  {date}
"""


def build(version: BuildVersion, wheel: Path, work: Path, root: Path) -> Path:
    """Build the package for the system below `root`, in a directory `work` inside it; return its path.

    Raises CalledProcessError after a program has said what is wrong, UnknownTargetError, UnknownVersionError.
    """
    target, source = read_target(root), work / "source"
    checkout.copy(source)
    _fill(source, target, version, wheel)
    inside = str(source) if root == _MACHINE else f"/{source.relative_to(root)}"
    # Nothing is compiled, so build-essential, which is always required, is not needed.
    options = ("--build=binary", "--no-sign", "--no-check-builddeps")
    argv = ("env", "-C", inside, "dpkg-buildpackage", *options)
    whole = (*(() if root == _MACHINE else ("chroot", str(root))), *argv)
    log = work / "build.log"
    with log.open("w") as output:
        environment = _environment(version)
        status = subprocess.call(whole, env=environment, stdout=output, stderr=output, timeout=_TIMEOUT)
    if status:
        raise BuildError(log.read_text()[-4000:])
    (package,) = work.glob("restream-agent_*.deb")
    return package


class BuildError(Exception):
    """The package could not be built; the text is the end of debhelper's log."""


def _fill(source: Path, target: Target, version: BuildVersion, wheel: Path) -> None:
    packages, debian = source / "site-packages", source / "debian"
    site_packages.install(
        target, wheel, source / "requirements.txt", source / "constraints.txt", into=packages
    )
    (debian / "copyright").write_text(licences.copyright_file((source / "LICENSE").read_text(), packages))
    site_packages.leave_to_dpkg(packages)
    (debian / "changelog").write_text(_changelog(version, target, debian))
    for kind, text in accounts.account_files().items():
        (debian / f"restream-agent.{kind}").write_text(text)


def _changelog(version: BuildVersion, target: Target, debian: Path) -> str:
    """Return the changelog, from which debhelper takes version and date; see deb-changelog(5)."""
    lines = (debian / "control").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("Maintainer:"))
    return _CHANGELOG.format(
        version=version.debian(target.system),
        python=version.python,
        maintainer=line.partition(": ")[2],
        date=datetime.fromtimestamp(version.epoch, UTC).strftime("%a, %d %b %Y %H:%M:%S +0000"),
    )


def _environment(version: BuildVersion) -> dict[str, str]:
    """Return the environment of the build: nothing of the user's, so that each build has the same bytes."""
    return {
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
        "HOME": "/nonexistent",
        "SOURCE_DATE_EPOCH": str(version.epoch),
        "DPKG_DEB_THREADS_MAX": "1",  # the same compression on every machine
        "DEB_BUILD_OPTIONS": os.environ.get("DEB_BUILD_OPTIONS", "nocheck"),
    }


def keep(package: Path, directory: Path) -> Path:
    """Move a package to a directory, in the place of earlier builds for the same system; return its path."""
    directory.mkdir(exist_ok=True)
    system = package.name.rpartition("+")[2]
    for earlier in directory.glob(f"restream-agent_*+{system}"):
        earlier.unlink()
    kept = directory / package.name
    shutil.copyfile(package, kept)
    return kept
