"""What permissions allow, on real files; the tests own them, so that root is not needed."""

import os
from pathlib import Path

import pytest

from restream_agent.base.rights import STRANGER, PosixUser, changeable, obstacle, read_secret, way_to


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Make a directory that everybody can pass, with a file that everybody can read."""
    for directory in (tmp_path, *tmp_path.parents):
        if directory.stat().st_uid == os.geteuid() and directory != Path("/"):
            directory.chmod(0o755 | directory.stat().st_mode & 0o1022)
    directory = tmp_path / "srv"
    directory.mkdir(mode=0o755)
    (directory / "file").write_text("text")
    (directory / "file").chmod(0o644)
    return directory / "file"


def test_the_way_to_a_file_follows_links(place: Path, tmp_path: Path) -> None:
    """The directories of a link's target are on the way, those that the link only names are too."""
    (tmp_path / "link").symlink_to("srv/../srv")
    (tmp_path / "other").symlink_to(tmp_path / "link" / "file")
    steps = [step for step, _ in way_to(tmp_path / "other")]
    assert [step for step in steps if step.is_relative_to(tmp_path / "srv")][-1] == place
    assert tmp_path / "other" not in steps


def test_links_in_a_circle_are_an_error(tmp_path: Path) -> None:
    """As for the kernel."""
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        list(way_to(tmp_path / "a"))


def test_the_first_directory_that_stops_a_user_is_named(place: Path) -> None:
    """A home of mode 0700 hides what is in it, however readable that is."""
    assert obstacle(place, STRANGER) is None
    place.chmod(0o600)
    assert obstacle(place, STRANGER) == place
    assert obstacle(place, PosixUser(os.geteuid())) is None
    place.chmod(0o644)
    place.parent.chmod(0o700)
    assert obstacle(place, STRANGER) == place.parent


def test_a_program_must_be_executable(place: Path) -> None:
    """Readable is not enough."""
    assert obstacle(place, STRANGER, executes=True) == place
    place.chmod(0o755)
    assert obstacle(place, STRANGER, executes=True) is None


def test_a_group_of_the_user_counts(place: Path) -> None:
    """The kernel looks at one of owner, group and others alone."""
    place.chmod(0o640)
    assert obstacle(place, PosixUser(4_000_000, frozenset({place.stat().st_gid}))) is None
    place.chmod(0o604)
    assert obstacle(place, PosixUser(4_000_000, frozenset({place.stat().st_gid}))) == place


def test_a_directory_that_others_may_change_is_named(place: Path, tmp_path: Path) -> None:
    """Also one that only a link leads to."""
    assert changeable(place, itself=True) is None
    place.parent.chmod(0o777)
    assert changeable(place, itself=False) == place.parent
    place.parent.chmod(0o1777)
    assert changeable(place, itself=False) is None
    place.parent.chmod(0o757)
    (tmp_path / "link").symlink_to(place)
    assert changeable(tmp_path / "link", itself=False) == place.parent


def test_a_file_that_others_may_change_is_named(place: Path) -> None:
    """For a program that root's machine runs; what is in a key's file is its owner's affair."""
    place.chmod(0o666)
    assert changeable(place, itself=True) == place
    assert changeable(place, itself=False) is None


def test_a_secret_is_read_from_a_small_regular_file(place: Path, tmp_path: Path) -> None:
    """A device would be read without end, a pipe waited for."""
    assert read_secret(place) == b"text"
    place.write_bytes(b"x" * (64 * 1024 + 1))
    with pytest.raises(OSError, match="larger than 64 KiB"):
        read_secret(place)
    os.mkfifo(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path):
        with pytest.raises(OSError, match=r"not a regular file|Is a directory"):
            read_secret(path)
