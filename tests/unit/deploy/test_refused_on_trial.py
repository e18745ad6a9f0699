"""An edit that was refused because an apply waited to be confirmed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.deploy.test_apply import TWITCH, YOUTUBE, applied
from tests.unit.deploy.trials import SERVERS, ObedientMachine, confirmed, make_root, taken_back, tried


@pytest.mark.parametrize("decided", [confirmed, taken_back])
def test_an_edit_that_was_refused_as_the_change_waited_is_looked_at_again(
    tmp_path: Path, decided: Callable[[Path, ObedientMachine], object]
) -> None:
    """Not before the decision is written down; without a refused edit systemd starts nothing."""
    root = make_root(tmp_path)
    start = "--no-block start restream-apply.service"
    for failed in (set[str](), {"restream-apply.service"}):
        machine = ObedientMachine(*SERVERS)
        tried(root, machine, TWITCH, YOUTUBE)
        machine.failed = failed
        decided(root, machine)
        assert (start in machine.calls, machine.calls[-1] == start) == (bool(failed), bool(failed))
        applied(root, TWITCH)
