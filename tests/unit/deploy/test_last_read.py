"""What apply notes of the TOML that it has read."""

from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.files import locate
from restream_agent.base.target import TargetMachine
from restream_agent.deploy import last_read
from restream_agent.deploy.last_read import TomlReading


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with a TOML."""
    source = locate(tmp_path, paths.CONFIG)
    source.parent.mkdir(parents=True)
    source.write_text("first")
    return tmp_path


@pytest.fixture
def by_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the test run as a service."""
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")


def reading(root: Path) -> TomlReading:
    return TomlReading.of(TargetMachine(root), None)


def is_applied(root: Path) -> bool | None:
    last = last_read.read(root)
    return None if last is None else last.applied


def touch(root: Path, text: str | None = None) -> None:
    source = locate(root, paths.CONFIG)
    before = source.stat().st_mtime_ns
    while source.stat().st_mtime_ns == before:
        source.write_text(source.read_text() if text is None else text)


@pytest.mark.usefixtures("by_systemd")
def test_a_service_notes_what_it_reads_and_what_it_has_applied(root: Path) -> None:
    """So the agent knows of an edit that was refused, too."""
    applying = reading(root)
    applying.begin()
    assert is_applied(root) is False
    applying.end()
    assert is_applied(root) is True


def test_a_refusal_by_hand_is_not_noted(root: Path) -> None:
    """The agent tries that edit, too, so that `status` shows the refusal."""
    applying = reading(root)
    applying.begin()
    assert is_applied(root) is None
    applying.end()
    assert is_applied(root) is True


def test_another_file_is_not_noted(root: Path) -> None:
    """`apply --config` reads what the agent does not watch."""
    other = root / "other.toml"
    other.write_text("other")
    TomlReading.of(TargetMachine(root), other).end()
    assert is_applied(root) is None


def test_the_note_is_not_for_everybody(root: Path) -> None:
    """A digest would tell who guesses a key in the TOML that the guess is right."""
    reading(root).end()
    assert locate(root, paths.LAST_READ).stat().st_mode & 0o777 == 0o640


@pytest.mark.usefixtures("by_systemd")
def test_what_was_only_touched_is_not_applied_again(root: Path) -> None:
    """Where only root can read the TOML, the agent takes a touch for an edit."""
    reading(root).end()
    assert not reading(root).is_only_touched(), "it was started by hand: nobody has touched the file"
    touch(root)
    assert reading(root).is_only_touched()
    touch(root, "second")
    assert not reading(root).is_only_touched()


@pytest.mark.usefixtures("by_systemd")
def test_what_was_refused_or_interrupted_is_applied_again(root: Path) -> None:
    """Though the content is the same."""
    reading(root).end()
    touch(root)
    locate(root, paths.UNFINISHED).write_text("")
    assert not reading(root).is_only_touched()
    locate(root, paths.UNFINISHED).unlink()
    reading(root).begin()
    touch(root)
    assert not reading(root).is_only_touched()


def test_an_apply_by_hand_is_always_done(root: Path) -> None:
    """A key may have changed."""
    reading(root).end()
    touch(root)
    assert not reading(root).is_only_touched()
