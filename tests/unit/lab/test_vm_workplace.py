"""Directories of a run of `make vm`: nothing of them stays."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lab.deadline import wait_until
from tests.vm import image, workplace


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Use another directory than that of the images."""
    monkeypatch.setattr(workplace, "CACHE", tmp_path)
    return tmp_path


def test_nothing_of_a_workplace_stays_whatever_ends_the_run(cache: Path) -> None:
    """Here Ctrl-C."""
    with suppress(KeyboardInterrupt), workplace.workplace("run") as directory:
        (directory / "disk").touch()
        raise KeyboardInterrupt
    assert list(cache.iterdir()) == []


def test_what_a_killed_run_has_left_is_swept(cache: Path) -> None:
    """What belongs to a process that lives stays, and so does an image."""
    ended = subprocess.Popen(("true",))
    ended.wait()
    kept = [f"run-{os.getpid()}-x", "trixie-0123456789ab"]
    for name in (*kept, f"making-{ended.pid}-x", f"payload-{ended.pid}-x"):
        (cache / name).mkdir()
    workplace.sweep()
    assert sorted(path.name for path in cache.iterdir()) == sorted(kept)


def test_what_is_mounted_in_a_directory_is_found_the_innermost_first() -> None:
    """What a killed mmdebstrap leaves, which must be unmounted rather than removed."""
    mounts = "proc /c/root/proc proc rw 0 0\nnone /c/root/proc/x t rw 0 0\nproc /c/rootless proc rw 0 0\n"
    assert workplace.mounted(Path("/c/root"), mounts) == ["/c/root/proc/x", "/c/root/proc"]


def test_an_interrupted_program_tidies_up_before_its_end(tmp_path: Path) -> None:
    """mmdebstrap unmounts what it has mounted; a kill would leave it."""
    script = f"trap 'sleep 1; touch {tmp_path}/tidied; exit 1' INT; touch {tmp_path}/begun; sleep 60 & wait"

    def interrupt() -> None:
        while not (tmp_path / "begun").exists():
            pass
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        image.run_interruptibly(("sh", "-c", script), 60)
    assert (tmp_path / "tidied").exists()


def test_one_that_is_interrupted_while_it_starts_tidies_up_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the program runs already and its number is not known here yet."""
    script = f"trap 'touch {tmp_path}/tidied; exit 1' INT; touch {tmp_path}/begun; sleep 60 & wait"
    start = subprocess.Popen

    def interrupted_start(*args: object, **kwargs: object) -> object:
        child = start(*args, **kwargs)  # type: ignore[call-overload]
        wait_until((tmp_path / "begun").exists, 10, "the program to begin")
        signal.raise_signal(signal.SIGINT)
        return child

    monkeypatch.setattr(subprocess, "Popen", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        image.run_interruptibly(("sh", "-c", script), 60)
    assert (tmp_path / "tidied").exists()


def test_a_program_that_fails_is_an_error() -> None:
    """As with `subprocess.run`."""
    with pytest.raises(subprocess.CalledProcessError):
        image.run_interruptibly((sys.executable, "-c", "raise SystemExit(3)"), 60)
