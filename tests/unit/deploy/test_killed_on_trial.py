"""An apply on trial that is killed at any of its steps, as by SIGKILL or a power cut."""

import os
import sys
from pathlib import Path

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.deploy import unconfirmed
from tests.unit.deploy.test_apply import HEAD, TWITCH, YOUTUBE, applied
from tests.unit.deploy.trials import (
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
    """Wherever it was killed: by the unit, once the time is over, and it cannot be confirmed."""
    root = make_root(tmp_path)
    before, step, was_killed = of_the_machine(root), 0, True
    while was_killed:
        step += STRIDE
        was_killed = is_killed_at(step, root, YOUTUBE)
        toml(root).write_text(HEAD + TWITCH)
        if not unconfirmed.exists(root):
            applied(root, TWITCH)
        else:
            record = unconfirmed.read(root)
            assert record is not None
            if not record.is_complete:
                with pytest.raises(RestreamError, match="interrupted"):
                    confirmed(root, ObedientMachine())
            taken_back(root, ObedientMachine(*SERVERS))
        assert of_the_machine(root) == before, step
    assert step > 2 * STRIDE
