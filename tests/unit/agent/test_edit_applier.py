"""An edited TOML file starts one apply."""

import asyncio
from pathlib import Path

import pytest

from restream_agent.agent.edit_applier import EditApplier
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire import records
from restream_agent.wire.toml_mark import TomlMark
from tests.unit.agent.test_agent import FakeSystemctl

START = "start restream-apply.service"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a TOML file that was edited after the last apply."""
    (tmp_path / "last-read").write_text(records.to_file(TomlMark({})))
    (tmp_path / "toml").touch()
    return tmp_path / "toml"


def apply(source: Path, machine: FakeSystemctl, times: int = 1) -> None:
    edits = EditTracker(source, source.parent / "last-read", source.parent / "tried")
    applier = EditApplier(str(source), edits, Systemd(machine.run))
    for _ in range(times):
        asyncio.run(applier.apply_pending())


def test_an_edit_starts_one_apply(source: Path) -> None:
    """A second look at the same edit starts no other."""
    machine = FakeSystemctl()
    apply(source, machine, times=2)
    assert machine.calls == [START]


def test_an_edit_waits_while_an_apply_is_starting(source: Path) -> None:
    """It stays pending, and is applied afterwards."""
    machine = FakeSystemctl(units={"restream-apply.service": "activating"})
    apply(source, machine)
    assert machine.calls == []
    machine.units = {}
    apply(source, machine)
    assert machine.calls == [START]


def test_an_edit_waits_while_it_is_applied_by_hand(source: Path) -> None:
    """`platform set` writes and applies: if it was this edit, nothing is left to do."""
    machine, is_applying = FakeSystemctl(), [True]
    edits = EditTracker(source, source.parent / "last-read", source.parent / "tried")
    applier = EditApplier(str(source), edits, Systemd(machine.run), is_applying=lambda: is_applying[0])
    asyncio.run(applier.apply_pending())
    assert machine.calls == []
    is_applying[0] = False
    asyncio.run(applier.apply_pending())
    assert machine.calls == [START]


def test_an_edit_waits_while_an_apply_waits_to_be_confirmed(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is applied once that is decided."""
    waits = source.parent / "unconfirmed.json"
    monkeypatch.setattr(paths, "UNCONFIRMED", str(waits))
    waits.touch()
    machine = FakeSystemctl()
    apply(source, machine)
    assert machine.calls == []
    waits.unlink()
    apply(source, machine)
    assert machine.calls == [START]


def test_an_apply_that_could_not_be_started_is_tried_again(source: Path) -> None:
    """The edit stays pending."""
    machine = FakeSystemctl(broken=frozenset({"start"}))
    with pytest.raises(RestreamError):
        apply(source, machine)
    machine.broken = frozenset()
    apply(source, machine)
    assert machine.calls == [START, START]
