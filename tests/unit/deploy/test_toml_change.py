"""Who applies a change of the TOML that a command has written."""

from pathlib import Path
from typing import Any

import pytest

from restream_agent.base import paths
from restream_agent.base.target import THIS_MACHINE, TargetMachine
from restream_agent.config import load
from restream_agent.config.pieces import Piece
from restream_agent.deploy import machine, toml_change
from restream_agent.deploy.commands import Subject
from restream_agent.deploy.toml_change import TomlChange
from restream_agent.systemd import systemctl, unit_names

TOML = 'version = 1\n[ingest]\nkey = "any"\n'
PIECE = Path(f"{paths.OWN_DIRECTORY}platforms.d/club.toml")


def change(**differences: Any) -> TomlChange:
    target = differences.pop("target", THIS_MACHINE)
    text = TOML + differences.pop("more", "")
    loaded = load.examine_pieces((Piece("t", text),))
    assert loaded.config is not None
    facts = machine.collect_facts(loaded.config, TargetMachine(Path("/nowhere")), source=paths.CONFIG)
    subject = Subject(target, loaded, loaded.config, facts)
    values: dict[str, Any] = {"given": None, "place": Path(paths.CONFIG), "before": "", "after": text}
    return TomlChange(**values | differences, subject=subject)


@pytest.fixture(autouse=True)
def running(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have systemd say that the agent runs."""
    monkeypatch.setattr(systemctl, "is_running", lambda: True)
    monkeypatch.setattr(systemctl.Systemd, "active", lambda *_: {unit_names.AGENT_UNIT: "active"})


def test_the_agent_applies_what_it_watches() -> None:
    """The TOML, and the platforms in files of their own."""
    assert toml_change.is_watched(change())
    assert toml_change.is_watched(change(given=Path(paths.CONFIG)))
    assert toml_change.is_watched(change(place=PIECE))


def test_the_agent_applies_nothing_else(tmp_path: Path) -> None:
    """Another file, another root, and agent.watch = false."""
    elsewhere = tmp_path / "restream.toml"
    assert not toml_change.is_watched(change(given=elsewhere, place=elsewhere))
    assert not toml_change.is_watched(change(target=TargetMachine(tmp_path)))
    assert not toml_change.is_watched(change(more="[agent]\nwatch = false\n"))
