"""Debian's version of a build sorts as the builds were made."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release.versions import BuildVersion, UnknownVersionError

NOON = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
HASHES = st.from_regex(r"[0-9a-f]{9}", fullmatch=True)
needs_dpkg = pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg not installed")


def debian(python: str, minutes: int = 0, system: str = "deb12") -> str:
    return BuildVersion.of(python, NOON + timedelta(minutes=minutes)).debian(system)


def is_older(one: str, other: str) -> bool:
    """Ask dpkg, which decides it on a machine."""
    return subprocess.call(("dpkg", "--compare-versions", one, "lt", other), timeout=10) == 0


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("0.4.0", "0.4.0+deb12"),
        ("0.4.0rc2", "0.4.0~rc2+deb12"),
        ("0.4.1.dev3+g5996569ab", "0.4.1~dev3+20261126120000.g5996569ab+deb12"),
        ("0.4.1.dev3+g5996569ab.d20261126173005", "0.4.1~dev3+20261126173005.g5996569ab+deb12"),
        ("0.4.1.dev0+d20261126173005", "0.4.1~dev0+20261126173005+deb12"),
        ("0.1.0", "0.1.0+deb12"),
    ],
)
def test_debian_s_version_of_a_build(python: str, expected: str) -> None:
    """The tag, the commits since, when the content was made, the commit, and the release of Debian."""
    assert expected == debian(python)


@pytest.mark.parametrize("python", ["0.4.0a1", "0.4.0b1", "1!0.4", "0.4.0.post1", "unknown"])
def test_other_versions_are_refused(python: str) -> None:
    """An alpha would sort before the builds that led to it."""
    with pytest.raises(UnknownVersionError, match=r"tagged as v1\.2\.3 or v1\.2\.3rc4"):
        debian(python)


@needs_dpkg
def test_each_build_is_newer_than_the_last() -> None:
    """A tag, commits, an amended commit, local changes, a release candidate, a release, the next Debian."""
    built = (
        debian("0.3.9"),
        debian("0.4.0.dev1+gffffffff0", 1),
        debian("0.4.0.dev1+g000000001", 2),  # amended
        debian("0.4.0.dev1+g000000001.d20261126120300", 2),  # edited
        debian("0.4.0.dev1+g000000001.d20261126120301", 2),  # edited again
        debian("0.4.0.dev1+gffffffff2", 4),  # committed with --amend
        debian("0.4.0.dev10+g000000003", 5),
        debian("0.4.0rc1", 6),
        debian("0.4.0rc2.dev1+g000000004", 7),
        debian("0.4.0rc2", 8),
        debian("0.4.0", 9),
        debian("0.4.0", 9, "deb13"),
        debian("0.4.1.dev0+d20261126121000", 9),  # the release, edited
        debian("0.4.1.dev1+g000000005", 11),
        debian("0.4.1", 12),
    )
    assert [pair for pair in pairwise(built) if not is_older(*pair)] == []


@needs_dpkg
@given(st.integers(0, 5000), st.integers(0, 3), HASHES, HASHES, st.integers(1, 100_000))
def test_later_content_is_newer_whatever_the_hashes_are(
    commits: int, more: int, one: str, other: str, minutes: int
) -> None:
    """As many commits or more, made later."""
    first = debian(f"0.4.1.dev{commits}+g{one}")
    assert is_older(first, debian(f"0.4.1.dev{commits + more}+g{other}", minutes))


def test_the_epoch_is_that_of_the_content() -> None:
    """Files of a package are dated by the commit, or by the build if there are local changes."""
    assert BuildVersion.of("0.4.0", NOON).epoch == int(NOON.timestamp())
    edited = BuildVersion.of("0.4.1.dev0+d20261126120007", NOON)
    assert edited.epoch == int(NOON.timestamp()) + 7
