"""The pure parts of `make vm`: what is tried, how it is judged, how it is told."""

import json
import subprocess
from pathlib import Path
from typing import cast

import pytest

from tests.demo.screen import Screen
from tests.lab.deadline import LabError
from tests.system.wall_table import COLUMNS, CONVERT, PLACES, table
from tests.vm import __main__ as vm
from tests.vm import image, installed, limits, payload, qemu, sandbox, sandbox_probe
from tests.vm.broadcast import MachineBroadcast
from tests.vm.catalogue import CHECKS, named
from tests.vm.check import CheckRow, MachineCheck
from tests.vm.report import MachineReport, as_json, as_text

HELD = CheckRow("ProtectHome=", "agent", "read /home", "ENOENT", True)


def errors_of(**succeeded: str) -> dict[str, str]:
    """Return what a probe says where everything is stopped, but for what is named."""
    return {f"tries {name}": "EPERM" for name in sandbox_probe.ATTEMPTS} | succeeded


def test_the_names_of_the_checks_are_unique() -> None:
    """They are typed after CHECK=."""
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names)


def test_checks_are_chosen_by_name_in_their_own_order() -> None:
    """An unknown name is an error; no name means all."""
    assert named(()) == CHECKS
    assert [check.name for check in named(("reboot", "walls"))] == ["walls", "reboot"]
    with pytest.raises(KeyError):
        named(("walls", "none"))


def test_each_wall_is_tried_and_each_attempt_is_at_a_wall() -> None:
    """The limit of open files is judged apart."""
    assert {wall.attempt for wall in sandbox.WALLS} == set(sandbox_probe.ATTEMPTS) - {"files"}


def test_every_place_that_may_pass_a_wall_exists() -> None:
    """A misspelt name would make an exception that is never used."""
    assert {name for wall in sandbox.WALLS for name in wall.open_to} - set(PLACES) == set()


def test_a_wall_that_does_not_hold_is_told() -> None:
    """Here the agent reads a home directory; the preparation may."""
    errors = errors_of() | {"tries home": ""}
    wrong = [row for row in sandbox.judge_walls("agent", errors) if not row.holds]
    assert [(row.what, row.outcome) for row in wrong] == [("ProtectHome=", "nothing")]
    assert all(row.holds for row in sandbox.judge_walls("preparation", errors))


def whole_table(name: str) -> dict[str, str]:
    """Return what the probe of the table says where docs/security.md is right."""
    row = table()[name]
    allowed = {f"{verb} {word.strip('`')}" for verb, column in COLUMNS.items() for word in row[column]}
    everything = {
        f"{verb} {word.strip('`')}"
        for each in table().values()
        for verb, column in COLUMNS.items()
        for word in each[column]
    }
    return {attempt: "" if attempt in allowed else "EACCES" for attempt in everything}


@pytest.mark.parametrize("name", PLACES)
def test_the_table_of_walls_is_judged_both_ways(name: str) -> None:
    """What the page forbids must be stopped, and what it allows must work."""
    errors = whole_table(name)
    assert [row for row in sandbox.judge_table(name, errors, table()[name]) if not row.holds] == []
    for attempt, error in errors.items():
        turned = errors | {attempt: "" if error else "EACCES"}
        wrong = [row for row in sandbox.judge_table(name, turned, table()[name]) if not row.holds]
        assert len(wrong) == 1


def test_another_units_memory_is_never_allowed() -> None:
    """A unit's own process may be its own."""
    name, allowed = "`live@`", table()["`live@`"]
    assert [row.holds for row in sandbox.judge_table(name, {"memory fallback": ""}, allowed)] == [False]
    assert list(sandbox.judge_table(name, {"memory live@main": ""}, allowed)) == []


def test_a_process_that_has_ended_says_nothing_of_a_wall() -> None:
    """`off-air` ends those of the broadcast before the probe begins; the agent's is still there."""
    errors = {"memory fallback": "ENOENT", "kills fallback": "ESRCH", "kills restream-agent": "EPERM"}
    rows = list(sandbox.judge_table("off-air", errors, table()["off-air"]))
    assert [(row.tried, row.outcome) for row in rows] == [("signal another unit's process", "EPERM")]


def shares(**changed: float) -> dict[str, float]:
    """Return seconds as the weights say, but for what is changed."""
    spent = {unit: float(weight) for unit, weight in limits.BROADCAST.items()}
    spent |= {unit: weight * 37 / 18 / limits.SLICES for unit, weight in limits.OTHERS.items()}
    return spent | changed


def test_weights_are_judged_by_their_quotient() -> None:
    """Within a factor of two of what the weights say, between neighbours and between the two slices."""
    assert [row for row in limits.judge_weights(shares()) if not row.holds] == []
    equal = dict.fromkeys(shares(), 1.0)
    assert {row.where for row in limits.judge_weights(equal) if not row.holds} == {
        "restream-ingest.service", "live@main.service", "fallback.service", "restream-agent.service",
        limits.HOG, CONVERT, "restream.slice",
    }  # fmt: skip


def test_an_attempt_ends_with_a_child_and_says_what_stopped_it() -> None:
    """An error's name, words, a signal, or nothing."""
    kill = "import os; os.kill(os.getpid(), 31)"
    assert sandbox_probe.stopped_by(lambda: None) == ""
    assert sandbox_probe.stopped_by(lambda: Path("/nowhere/at all").read_text()) == "ENOENT"
    assert sandbox_probe.stopped_by(lambda: exec(kill)) == "signal 31"
    assert sandbox_probe.stopped_by(lambda: int("x")) == sandbox_probe.BROKEN


def test_the_program_of_another_architecture_is_one() -> None:
    """ELF, 32 bit, i386, as long as its header says."""
    program = sandbox._FOREIGN
    assert (program[:5], program[18]) == (b"\x7fELF\x01", 3)
    assert len(program) == int.from_bytes(program[68:72], "little")


def test_a_report_is_ok_only_if_everything_was_played_and_holds() -> None:
    """No row, a row that fails and a check that ended early are each a failure, and the text says so."""
    report = MachineReport("trixie", "srs", {"kernel": "6.12"})
    assert not report.is_ok()
    report.rows.append(("walls", HELD))
    assert report.is_ok()
    assert "| `ProtectHome=` | agent | read /home | ENOENT |" in as_text(report)
    report.rows.append(("walls", CheckRow("UMask=", "agent", "write", "nothing", False)))
    assert not report.is_ok()
    assert "FAIL UMask= agent: write: nothing" in as_text(report)
    report.rows.pop()
    report.seconds |= {"walls": 90.0, "reboot": 4.0}
    report.broken["reboot"] = "LabError: no answer"
    assert "FAIL reboot ended early: LabError: no answer" in as_text(report)
    (machine,) = json.loads(as_json([report]))["machines"]
    assert (machine["ok"], machine["ends"]) == (False, {"walls": "ok"})


def test_an_image_is_another_when_what_is_in_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a kept one is never too old."""
    before = image.image_of("trixie").disk
    assert image.image_of("bookworm").disk.parent != before.parent
    monkeypatch.setattr(image, "PACKAGES", (*image.PACKAGES, "one-more"))
    assert image.image_of("trixie").disk != before


def test_a_kept_machine_is_another_when_the_package_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """So `make vm` never plays with an earlier package."""
    package = tmp_path / "package.deb"
    monkeypatch.setattr(payload, "package", lambda _: package)
    disk, found = image.image_of("trixie"), set()
    for content, server in (("one", "srs"), ("two", "srs"), ("two", "nginx-rtmp"), ("two", "srs")):
        package.write_text(content)
        found.add(installed.digest(disk, "trixie", server, qemu.KVM))
    assert len(found) == 3


def played_by(tried: BaseException) -> MachineReport:
    """Return the report after a check that raises."""

    class InterruptedBroadcast:
        def begin(self) -> None:
            raise tried

    report = MachineReport("trixie", "srs", {})
    check = MachineCheck("one", "text", "container", lambda _: iter(()))
    vm._play(report, check, cast("MachineBroadcast", InterruptedBroadcast()), Screen())
    return report


def test_a_check_that_ends_early_is_told_and_a_ctrl_c_ends_the_run() -> None:
    """It ends qemu too, so nothing can be asked of the machine afterwards."""
    assert played_by(LabError("gone")).broken == {"one": "LabError: gone"}
    assert played_by(IndexError("list")).broken == {"one": "IndexError: list"}
    with pytest.raises(KeyboardInterrupt):
        played_by(KeyboardInterrupt())


def test_a_missing_package_says_how_to_build_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the release for which it is missing."""
    monkeypatch.setattr(payload, "PROJECT", tmp_path)
    with pytest.raises(LabError, match="make deb DIST=trixie"):
        payload.package("trixie")


def test_a_machine_that_ends_at_once_does_not_come_up(tmp_path: Path) -> None:
    """So a /dev/kvm on which nothing runs is not used."""
    process = subprocess.Popen(("true",))
    assert not qemu._comes_up(process, tmp_path / "console")
    (tmp_path / "console").write_text(f"[0.4] {qemu.STARTED}\n")
    process = subprocess.Popen(("sleep", "60"))
    assert qemu._comes_up(process, tmp_path / "console")
    process.kill()
    process.wait()
