"""The system that a package is for, read from its root."""

from itertools import pairwise
from pathlib import Path

import pytest

from release.targets import Target, UnknownTargetError, read_target

STATUS = """\
Package: libc-bin
Version: 2.99-1

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.41-12

"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make what is read of a Debian 13."""
    for directory in ("etc", "usr/bin", "var/lib/dpkg"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "etc/os-release").write_text(
        'PRETTY_NAME="Debian GNU/Linux 13"\nID=debian\nVERSION_ID="13"\n'
    )
    (tmp_path / "usr/bin/python3").symlink_to("python3.13")
    (tmp_path / "var/lib/dpkg/status").write_text(STATUS)
    return tmp_path


def test_a_root_says_release_python_and_glibc(root: Path) -> None:
    """Python is Debian's own, whichever runs us."""
    target = read_target(root)
    assert (target.system, target.python, target.glibc) == ("deb13", "3.13", 41)


def test_ubuntu_keeps_its_name(root: Path) -> None:
    """Its versions have a dot."""
    (root / "etc/os-release").write_text("ID=ubuntu\nVERSION_ID=24.04\n")
    assert read_target(root).system == "ubuntu24.04"


@pytest.mark.parametrize("missing", ["etc/os-release", "usr/bin/python3", "var/lib/dpkg/status"])
def test_what_is_missing_is_named(root: Path, missing: str) -> None:
    """A directory that is no Debian, or one without Python."""
    (root / missing).unlink()
    with pytest.raises(
        UnknownTargetError, match=rf"{missing}: No such file.*; expected a Debian with python3"
    ):
        read_target(root)


def test_a_system_without_a_release_is_refused(root: Path) -> None:
    """Packages of two builds of unstable would have one version."""
    (root / "etc/os-release").write_text("ID=debian\n")
    with pytest.raises(UnknownTargetError, match="expected a released Debian with glibc"):
        read_target(root)


def test_pip_chooses_files_for_the_target_and_not_for_itself() -> None:
    """Python's version and ABI, and every glibc up to the target's, the newest first."""
    options = Target("deb12", "3.11", 36, "aarch64").pip_options()
    assert options[:4] == ("--python-version", "3.11", "--implementation", "cp")
    platforms = [word for option, word in pairwise(options) if option == "--platform"]
    assert platforms[0] == "manylinux_2_36_aarch64"
    assert platforms[-2:] == ["manylinux_2_17_aarch64", "manylinux2014_aarch64"]
    assert "cp311" in options
