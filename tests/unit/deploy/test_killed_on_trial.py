"""An apply on trial that is killed at any of its steps, as by SIGKILL or a power cut."""

import os
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.deploy import unconfirmed
from tests.unit.deploy.test_apply import HEAD, TWITCH, YOUTUBE, applied, planned
from tests.unit.deploy.trials import (
    OUR_UNITS,
    SERVERS,
    ObedientMachine,
    confirmed,
    make_root,
    of_the_machine,
    taken_back,
    toml,
    tried,
)

STEPS = ("open", "os.rename", "os.symlink", "os.remove", "os.mkdir", "os.rmdir")
AT_BOOT = "etc/systemd/system/multi-user.target.wants/restream-take-back.service"
STRIDE = int(os.environ.get("KILL_STRIDE", "7"))


def is_killed_at(step: int, root: Path, *tables: str) -> bool:
    """Apply on trial in a process that dies at a step below the root; return whether it got that far."""
    child = os.fork()
    if child == 0:
        count = 0

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal count
            if event in STEPS and str(arguments[0]).startswith(str(root)):
                count += 1
                if count == step:
                    os._exit(9)

        sys.addaudithook(hook)
        tried(root, ObedientMachine(*SERVERS), *tables)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_an_apply_that_is_killed_is_taken_back(tmp_path: Path) -> None:
    """Wherever it was killed: by the unit, once the time is over or at a boot, and it cannot be confirmed."""
    root = make_root(tmp_path)
    before, step, was_killed = of_the_machine(root), 0, True
    while was_killed:
        step += STRIDE
        was_killed = is_killed_at(step, root, YOUTUBE)
        toml(root).write_text(HEAD + TWITCH)
        if not unconfirmed.exists(root):
            assert taken_back(root, ObedientMachine(*SERVERS), only_if_due=True) is None
            applied(root, TWITCH)
        else:
            assert (root / AT_BOOT).is_symlink()
            record = unconfirmed.read(root)
            assert record is not None
            if not record.is_complete:
                with pytest.raises(RestreamError, match="interrupted"):
                    confirmed(root, ObedientMachine())
            taken_back(root, ObedientMachine(*SERVERS))
        assert of_the_machine(root) == before, step
    assert step > 2 * STRIDE


def test_the_timer_runs_before_there_is_anything_to_take_back(tmp_path: Path) -> None:
    """So a kill at any moment leaves no change without a time; the time is over when the timer is."""
    root = make_root(tmp_path)
    had_record, began, until = list[bool](), list[float](), list[float]()

    class Watched(ObedientMachine):
        def __call__(
            self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
        ) -> CompletedProcess[str]:
            if "restart" in argv and OUR_UNITS[1] in argv:
                had_record.append(unconfirmed.exists(root))
                began.append(time.monotonic())
            return super().__call__(argv, timeout=timeout, ok=ok)

    def look() -> None:
        record = unconfirmed.read(root)
        assert record is not None
        until.append(record.until)

    tried(root, Watched(*SERVERS), TWITCH, YOUTUBE, prepare=look)
    assert had_record == [False, True]
    assert until[0] <= began[0] + 60.0


def test_units_without_a_record_remove_themselves(tmp_path: Path) -> None:
    """The command was killed when they were there, and the record was not."""
    root, machine = make_root(tmp_path), ObedientMachine(*SERVERS)
    tried(root, machine, TWITCH, YOUTUBE)
    unconfirmed.forget(root)
    assert taken_back(root, machine, only_if_due=True) is None
    assert not list(root.rglob("restream-take-back*"))
    assert planned(root, TWITCH, YOUTUBE).is_empty
