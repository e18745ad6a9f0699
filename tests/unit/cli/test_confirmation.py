"""The terminal of `apply --confirm`: Enter, Ctrl-C, another terminal's decision, and the end of the time."""

from pathlib import Path

import pytest

from restream_agent.cli.confirmation import KEPT, not_again, taken_back
from tests.unit.cli.terminal import python_at_terminal

TOML = "/etc/restream-agent/restream.toml"
SCRIPT = """\
import sys
from pathlib import Path
from types import SimpleNamespace
import restream_agent.deploy
from restream_agent.base import paths
from restream_agent.cli import confirmation
here = Path({here!r})
paths.UNCONFIRMED, paths.TAKEN_BACK = str(here / "unconfirmed"), str(here / "taken-back")
def decide(note):
    (here / note).touch()
    (here / "unconfirmed").unlink()
restream_agent.deploy.commands = SimpleNamespace(
    confirm=lambda: decide("confirmed"), take_back=lambda only_if_due: decide("taken-back")
)
sys.exit(0 if confirmation.wait({within}, Path("/etc/restream-agent/restream.toml")) else 1)
"""
LEFT = " s left "
"""The end of what the terminal shows while the time runs."""


def waited(here: Path, within: float, *answers: tuple[str, object]) -> tuple[int, str]:
    """Wait in a terminal for a change that waits to be confirmed."""
    (here / "unconfirmed").touch()
    script = SCRIPT.format(here=str(here), within=within)
    return python_at_terminal(("-c", script), *answers)  # type: ignore[arg-type]


def test_enter_keeps_the_change(tmp_path: Path) -> None:
    """The countdown is gone from the terminal then."""
    code, shown = waited(tmp_path, 60.0, (LEFT, ""))
    assert (code, (tmp_path / "confirmed").exists()) == (0, True)
    assert shown.startswith("Press Enter within 1min to keep this (or restream-agent confirm in another")
    assert shown.endswith(f"\x1b[K{KEPT}\r\n")


def test_ctrl_c_takes_it_back_at_once(tmp_path: Path) -> None:
    """As `netplan try` does; and it says that the TOML still has the change."""
    code, shown = waited(tmp_path, 60.0, (LEFT, "\x03"))
    assert (code, (tmp_path / "taken-back").exists()) == (1, True)
    assert "taken back: the machine is as it was before the change" in shown
    assert f"{TOML} still has it: what runs is not what that file says" in shown
    assert "Traceback" not in shown


def test_the_end_of_the_input_is_no_answer(tmp_path: Path) -> None:
    """Ctrl-D confirms nothing; systemd takes the change back meanwhile."""

    def taken() -> str:
        (tmp_path / "taken-back").touch()
        (tmp_path / "unconfirmed").unlink()
        return ""

    code, shown = waited(tmp_path, 60.0, (LEFT, lambda: "\x04" + taken()))
    assert (code, (tmp_path / "confirmed").exists()) == (1, False)
    assert "taken back: " in shown


@pytest.mark.parametrize(("note", "code", "words"), [("other", 0, KEPT), ("taken-back", 1, "taken back: ")])
def test_what_another_terminal_decides_is_said_here(tmp_path: Path, note: str, code: int, words: str) -> None:
    """Within a moment."""

    def decide() -> str:
        (tmp_path / note).touch()
        (tmp_path / "unconfirmed").unlink()
        return "\x04"

    done, shown = waited(tmp_path, 60.0, (LEFT, decide))
    assert (done, words in shown) == (code, True)


def test_when_the_time_is_over_systemd_decides(tmp_path: Path) -> None:
    """The terminal waits for the end of that."""
    script = SCRIPT.format(here=str(tmp_path), within=1.0)
    later = (
        f"import threading\nfrom pathlib import Path\nhere = Path({str(tmp_path)!r})\n"
        "def late():\n    (here / 'taken-back').touch()\n    (here / 'unconfirmed').unlink()\n"
        "threading.Timer(2.5, late).start()\n"
    )
    (tmp_path / "unconfirmed").touch()
    code, shown = python_at_terminal(("-c", later + script))
    assert (code, "taken back: " in shown) == (1, True)


def test_the_words_name_the_file_and_the_next_step() -> None:
    """The TOML is the user's, and stays as it is."""
    for words in (taken_back(TOML), not_again(TOML)):
        assert TOML in words
        assert "restream-agent apply" in words


def test_of_a_copy_it_names_the_copy() -> None:
    """What runs then is what the TOML says."""
    words = taken_back("/root/new.toml")
    assert words.endswith("\n/root/new.toml still has it, and can be applied again")
