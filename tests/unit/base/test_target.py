"""The target of a command: this machine, or a directory that stands for another machine's root."""

from pathlib import Path

import pytest

from restream_agent.base.target import THIS_MACHINE, TargetMachine


def test_the_root_directory_is_this_machine() -> None:
    """Its systemd, accounts, groups and programs are used."""
    assert (TargetMachine(Path("/")).is_this_machine, TargetMachine(Path("/")) == THIS_MACHINE) == (
        True,
        True,
    )


@pytest.mark.parametrize("root", ["/tmp/x", ".", ""])
def test_any_other_directory_is_not(root: str) -> None:
    """Files are written there, and nothing else is done."""
    assert not TargetMachine(Path(root)).is_this_machine
