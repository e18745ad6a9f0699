"""Files are written completely or not at all, with their mode and group from the start."""

import grp
import os
import threading
from pathlib import Path

import pytest

from restream_agent.base import files, paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File, Link, Tree
from tests.lab.deadline import wait_until

SECRET = File("secret\n" * 5000, mode=0o600, is_secret=True)


def test_a_file_is_written_with_its_content_and_mode(tmp_path: Path) -> None:
    """Its directories are made, and no temporary file is left."""
    files.write(tmp_path, "/a/b/c", File("text", mode=0o640))
    place = tmp_path / "a/b/c"
    assert (place.read_text(), place.stat().st_mode & 0o7777) == ("text", 0o640)
    assert list(place.parent.iterdir()) == [place]


def test_no_secret_is_ever_open_to_others(tmp_path: Path) -> None:
    """A thread that looks all the time sees no file, temporary or final, that other users may read."""
    seen: set[int] = set()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            for entry in os.scandir(tmp_path):
                try:
                    seen.add(entry.stat(follow_symlinks=False).st_mode & 0o077)
                except FileNotFoundError:
                    continue

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(50):
        files.write(tmp_path, "/key", SECRET)
    wait_until(lambda: seen, 10, "the watcher to have looked")
    done.set()
    watcher.join(10)
    assert seen == {0}


def test_a_reader_sees_the_old_text_or_the_new(tmp_path: Path) -> None:
    """An open file keeps its content: the new file takes over the name only."""
    files.write(tmp_path, "/a", File("old"))
    with (tmp_path / "a").open() as file:
        files.write(tmp_path, "/a", File("new"))
        assert (file.read(), (tmp_path / "a").read_text()) == ("old", "new")


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """A text that cannot be encoded fails half-way."""
    files.write(tmp_path, "/a", File("old"))
    with pytest.raises(UnicodeEncodeError):
        files.write(tmp_path, "/a", File("\udc80"))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_text() == "old"


def test_a_directory_in_the_way_is_an_error_with_its_path(tmp_path: Path) -> None:
    """The directory is not removed, and no temporary file is left."""
    (tmp_path / "a").mkdir()
    with pytest.raises(RestreamError, match=r"/a cannot be written: Is a directory"):
        files.write(tmp_path, "/a", File("x"))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_link_replaces_a_file_and_a_file_a_link(tmp_path: Path) -> None:
    """The file that the link points to is not written."""
    (tmp_path / "target").write_text("untouched")
    files.write(tmp_path, "/a", Link("target"))
    assert (tmp_path / "a").readlink() == Path("target")
    files.write(tmp_path, "/a", File("x"))
    assert ((tmp_path / "a").is_symlink(), (tmp_path / "target").read_text()) == (False, "untouched")


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    """Contents, modes, groups and links; a path that does not exist is left out; a secret is marked."""
    group = grp.getgrgid(os.getegid()).gr_name  # only root can give a file to another group
    tree: Tree = {
        "/a": File("x", mode=0o640, group=group),
        "/b": Link("../c"),
        "/k": File("key", mode=0o600, group=group, is_secret=True),
    }
    for path, entry in tree.items():
        files.write(tmp_path, path, entry)
    assert tree == files.read_tree(tmp_path, [*tree, "/none"], secret=frozenset({"/k"}))


def test_removing_a_drop_in_removes_its_empty_directory(tmp_path: Path) -> None:
    """A directory that holds another file stays, and so does every directory of another kind."""
    for path in ("/x.service.d/10-restream.conf", "/y.service.d/10-restream.conf", "/z/a"):
        files.write(tmp_path, path, File(""))
    (tmp_path / "y.service.d/other.conf").touch()
    for path in ("/x.service.d/10-restream.conf", "/y.service.d/10-restream.conf", "/z/a"):
        files.remove(tmp_path, path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["y.service.d", "z"]


def test_removing_what_is_gone_is_no_error(tmp_path: Path) -> None:
    """Another process may have removed it."""
    files.remove(tmp_path, "/a.service.d/b")


def test_what_cannot_be_removed_or_read_is_named(tmp_path: Path) -> None:
    """A directory in the place of a file is an error with its path, never a traceback."""
    (tmp_path / "a").mkdir()
    with pytest.raises(RestreamError, match=r"/a cannot be removed: Is a directory"):
        files.remove(tmp_path, "/a")
    with pytest.raises(RestreamError, match=r"/a cannot be read: Is a directory"):
        files.read_tree(tmp_path, ["/a"], secret=frozenset())


def test_the_lock_lets_one_apply_in(tmp_path: Path) -> None:
    """A second apply waits and is then refused; after the first has ended it gets the lock."""
    refused = pytest.raises(RestreamError, match="another apply")
    with files.lock(tmp_path), refused, files.lock(tmp_path, wait=0.1):
        pass
    with files.lock(tmp_path):
        assert (tmp_path / paths.LOCK.lstrip("/")).exists()


def test_no_manifest_is_an_empty_one(tmp_path: Path) -> None:
    """Before the first apply there is none."""
    assert files.read_manifest(tmp_path) == {"owned": [], "secrets": {}}


def test_a_damaged_manifest_is_named(tmp_path: Path) -> None:
    """The hint says what to do."""
    files.write(tmp_path, paths.MANIFEST, File("{"))
    with pytest.raises(RestreamError, match=r"manifest.json is damaged") as caught:
        files.read_manifest(tmp_path)
    assert caught.value.hint == "remove it and apply again"


def test_a_file_that_is_rewritten_keeps_mode_and_link(tmp_path: Path) -> None:
    """The TOML may be a link into a checkout; whoever could read it still can."""
    real, link = tmp_path / "checkout.toml", tmp_path / "restream.toml"
    real.write_bytes(b"before\r\n")
    real.chmod(0o640)
    link.symlink_to(real)
    files.rewrite(link, "after\r\n")
    assert (link.is_symlink(), real.read_bytes(), real.stat().st_mode & 0o777) == (True, b"after\r\n", 0o640)
    assert sorted(tmp_path.iterdir()) == sorted((real, link))


def test_a_rewrite_that_fails_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no temporary file beside it."""

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    place = tmp_path / "restream.toml"
    place.write_text("before\n")
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RestreamError, match=r"restream.toml cannot be written: No space left on device"):
        files.rewrite(place, "after\n")
    assert [each.read_text() for each in tmp_path.iterdir()] == ["before\n"]


def test_others_see_whether_an_apply_is_running(tmp_path: Path) -> None:
    """Also before the first."""
    assert not files.is_applying(tmp_path)
    with files.lock(tmp_path):
        assert files.is_applying(tmp_path)
    assert not files.is_applying(tmp_path)
