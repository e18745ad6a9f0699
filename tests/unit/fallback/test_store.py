"""The store of prepared files: what others have left there, and conversions at the same time."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import pytest

from restream_agent.base.files import TEMPORARY
from restream_agent.fallback import store
from restream_agent.fallback.conversion import Conversion
from restream_agent.fallback.profile import Profile

PROFILE = Profile(320, 180, Fraction(30))
PATIENCE = 20.0


class SlowConversion:
    """A conversion that takes as long as a test wants; it counts how often it begins."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.begun: list[str] = []
        self.begins = threading.Semaphore(0)
        self.may_end = threading.Event()

        def run(conversion: Conversion, _: tuple[Path, ...], message: str) -> Path:
            self.begun.append(message)
            self.begins.release()
            assert message != "long" or self.may_end.wait(PATIENCE)
            finished = conversion._work / "finished.flv"
            finished.touch()
            return finished

        monkeypatch.setattr(Conversion, "run", run)


def prepare(directory: Path, message: str) -> Path:
    return store.prepare((), message=message, profile=PROFILE, keyframe=2.0, directory=directory)


def test_a_long_conversion_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another channel's fallback is made meanwhile; what is being made is not taken for a remnant."""
    slow = SlowConversion(monkeypatch)
    with ThreadPoolExecutor() as pool:
        long = pool.submit(prepare, tmp_path, "long")
        assert slow.begins.acquire(timeout=PATIENCE)
        try:
            assert pool.submit(prepare, tmp_path, "short").result(PATIENCE).exists()
            store.adopt(tmp_path)
            assert not long.done()
        finally:
            slow.may_end.set()
        assert long.result(PATIENCE).exists()
    assert not list(tmp_path.glob(".prepare-*"))


def test_equal_fallbacks_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls for one file wait for the call that makes it."""
    slow = SlowConversion(monkeypatch)
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(prepare, tmp_path, "long") for _ in range(3)]
        assert slow.begins.acquire(timeout=PATIENCE)
        slow.may_end.set()
        assert len({call.result(PATIENCE) for call in calls}) == 1
    assert slow.begun == ["long"]


def test_an_interrupted_conversion_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C; the next call makes the file."""

    def interrupted(conversion: Conversion, *_: object) -> Path:
        (conversion._work / "video0.flv").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(Conversion, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare(tmp_path, "x")
    assert list(tmp_path.iterdir()) == []
    SlowConversion(monkeypatch)
    assert prepare(tmp_path, "x").exists()


def test_a_file_that_is_wanted_again_counts_as_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise another channel's preparation could delete an old file just before it is in use again."""
    SlowConversion(monkeypatch)
    old = prepare(tmp_path, "old")
    os.utime(old, (1000, 1000))
    assert prepare(tmp_path, "old") == old
    assert old.stat().st_mtime > 1000


def test_a_file_of_another_user_is_replaced_by_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other user may still have it open for writing; its age and content stay."""
    prepared, profile = tmp_path / "0123456789abcdef-label.flv", tmp_path / "live-profile.json"
    for path in (prepared, profile):
        path.write_text(path.name)
        os.utime(path, (1000, 1000))
    (tmp_path / "current.flv").symlink_to(prepared.name)
    before = prepared.stat().st_ino, profile.stat().st_ino
    store.adopt(tmp_path)
    assert (prepared.stat().st_ino, profile.stat().st_ino) == before
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    store.adopt(tmp_path)
    assert prepared.stat().st_ino != before[0]
    assert profile.stat().st_ino != before[1]
    assert (prepared.read_text(), prepared.stat().st_mtime) == (prepared.name, 1000)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ("current.flv", prepared.name, profile.name)
    )


def test_what_a_killed_call_left_behind_is_removed(tmp_path: Path) -> None:
    """Working directories, and copies that were not finished."""
    (tmp_path / ".prepare-x").mkdir()
    (tmp_path / ".prepare-y.flv").touch()
    (tmp_path / ".prepare-z").symlink_to("/etc")
    store.adopt(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert Path("/etc").is_dir()


def test_a_file_that_is_not_being_written_any_more_is_removed(tmp_path: Path) -> None:
    """systemd restarts the preparation in the middle of a write, too. Another channel may write now."""
    for name in ("old", "new"):
        (tmp_path / f"{TEMPORARY}{name}").symlink_to("/nowhere")
    os.utime(tmp_path / f"{TEMPORARY}old", (1000, 1000), follow_symlinks=False)
    store.adopt(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [f"{TEMPORARY}new"]


def test_what_another_user_left_behind_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions before this one converted as root: nobody else may open root's working directory."""
    remains, opened = tmp_path / ".prepare-x", os.open
    remains.mkdir()

    def guarded(path: Path, flags: int) -> int:
        if path == remains:
            raise PermissionError(13, "Permission denied")
        return opened(path, flags)

    monkeypatch.setattr(os, "open", guarded)
    store.adopt(tmp_path)
    assert remains.exists()


def test_what_was_prepared_by_hand_for_every_channel_is_kept(tmp_path: Path) -> None:
    """`fallback prepare FILE --all` makes a file for each, where their formats differ."""
    files = [tmp_path / f"{number:016}-h.flv" for number in range(store.KEPT + 4)]
    for file in files:
        file.touch()
        store.keep(file)
    assert store.prune(tmp_path, keep=set(), channels=len(files)) == ()
    assert len(store.prune(tmp_path, keep=set(), channels=1)) == 4
