"""What doctor says of systemd, clock, disk, fonts and units: one test for each finding."""

from datetime import UTC, datetime, timedelta

import pytest

from restream_agent.deploy.findings import Finding
from restream_agent.deploy.machine_findings import (
    ClockFacts,
    DiskSpace,
    FontFacts,
    SystemdFacts,
    judge_clock,
    judge_disks,
    judge_fonts,
    judge_systemd,
    judge_units,
)
from restream_agent.systemd.unit_state import UnitState

NOW = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
GIB = 1024**3
ALWAYS = ("restream-agent.service", "restream-ingest.service")
RUNNING = {unit: UnitState(active="active") for unit in ALWAYS}


def short(finding: Finding) -> tuple[str, str, str]:
    return finding.grade, finding.words, finding.hint


@pytest.mark.parametrize(
    ("facts", "grade", "words"),
    [
        (SystemdFacts("systemd", True, 252), "ok", "252 is process 1"),
        (SystemdFacts("systemd", True, 249), "fault", "249 is too old: the units need 252 or newer"),
        (SystemdFacts("systemd", True, 0), "warning", "does not say its version"),
        (SystemdFacts("tini", False, 0), "fault", "process 1 is tini: restream-agent needs systemd there"),
        (SystemdFacts("", False, 0), "fault", "process 1 is unknown: restream-agent needs systemd there"),
    ],
)
def test_systemd(facts: SystemdFacts, grade: str, words: str) -> None:
    """It has to be process 1, and 252 or newer."""
    (found,) = judge_systemd(facts)
    assert (found.grade, found.words, bool(found.hint)) == (grade, words, grade != "ok")


@pytest.mark.parametrize(
    ("synchronised", "service", "grade", "hint"),
    [
        (True, True, "ok", ""),
        (True, False, "ok", ""),
        (False, True, "warning", "timedatectl timesync-status"),
        (False, False, "warning", "apt install systemd-timesyncd; timedatectl set-ntp true"),
        (None, None, "warning", "timedatectl"),
    ],
)
def test_the_clock(synchronised: bool | None, service: bool | None, grade: str, hint: str) -> None:
    """One that nothing synchronises works for now, and drifts."""
    (found,) = judge_clock(ClockFacts(NOW, NOW - timedelta(days=9), synchronised, service))
    assert (found.grade, found.hint) == (grade, hint)
    assert "2026-11-26 18:00:00 UTC" in found.words


def test_a_clock_from_before_the_installation_is_wrong() -> None:
    """As on a board without a battery: no certificate of a platform is valid yet."""
    (found,) = judge_clock(ClockFacts(NOW, NOW + timedelta(days=9), True, True))
    assert (found.grade, "before restream-agent was installed" in found.words) == ("fault", True)


@pytest.mark.parametrize(
    ("free", "size", "files", "grade", "words"),
    [
        (20 * GIB, 100 * GIB, 10**6, "ok", "/srv: 20.0 GiB left"),
        (20 * GIB, 100 * GIB, None, "ok", "/srv: 20.0 GiB left"),
        (GIB // 4, GIB, 10**6, "ok", "/srv: 256 MiB left"),
        (GIB // 2, 100 * GIB, 10**6, "warning", "/srv: 512 MiB left of 100.0 GiB"),
        (GIB // 64, 100 * GIB, 10**6, "fault", "/srv: 16 MiB left: nothing can be written"),
        (20 * GIB, 100 * GIB, 7, "fault", "/srv: only 7 files can still be made (inodes)"),
    ],
)
def test_room_on_the_disk(free: int, size: int, files: int | None, grade: str, words: str) -> None:
    """Bytes and inodes; a small disk that is nearly empty is in order."""
    (found,) = judge_disks((DiskSpace("/srv", free, size, files),))
    assert (found.grade, found.words) == (grade, words)
    assert ("/srv" in found.hint) == (grade != "ok")


@pytest.mark.parametrize(
    ("facts", "grade", "words", "hint"),
    [
        (FontFacts("Hi", "Sans.ttf", "", True), "ok", "Sans.ttf has all letters of “Hi”", ""),
        (FontFacts("Hi", "Sans.ttf", "", False), "ok", "Sans.ttf has all letters of “Hi”", ""),
        (FontFacts("日", "Sans.ttf", "日", True), "warning", "no font has 日: the slate shows boxes there",
         "apt install fonts-noto-cjk for Chinese, Japanese and Korean; emoji cannot be drawn"),
        (FontFacts("日", "Sans.ttf", "", False), "warning",
         "whether Sans.ttf has the letters of the message is not known", "apt install fontconfig"),
        (FontFacts("Hi", None, "", True), "warning", "no font is installed: the slate has no text",
         "apt install fonts-dejavu-core"),
    ],
)  # fmt: skip
def test_fonts(facts: FontFacts, grade: str, words: str, hint: str) -> None:
    """Without fontconfig nobody knows the letters of a font; every font has those of ASCII."""
    assert [short(found) for found in judge_fonts(facts)] == [(grade, words, hint)]


def test_units_that_run_are_counted() -> None:
    """A relay that is off does not count."""
    (found,) = judge_units({**RUNNING, "live@main.service": UnitState()}, ALWAYS)
    assert short(found) == ("ok", "2 of ours run, none has failed", "")


def test_a_failed_helper_unit_is_a_fault() -> None:
    """With what the unit says of itself, and the command that forgets it."""
    failed = UnitState(active="failed", words="\x1b[31mno space")
    (found,) = judge_units({**RUNNING, "restream-fallback-prepare.service": failed}, ALWAYS)
    assert short(found) == (
        "fault",
        "restream-fallback-prepare.service has failed:  [31mno space",
        "journalctl -u restream-fallback-prepare; "
        "systemctl reset-failed restream-fallback-prepare forgets it",
    )


def test_a_failed_apply_is_asked_about_with_check() -> None:
    """Which tells every mistake, not only the first."""
    (found,) = judge_units({**RUNNING, "restream-apply.service": UnitState(active="failed")}, ALWAYS)
    assert found.hint.startswith("restream-agent check; ")


@pytest.mark.parametrize(
    ("unit", "effect"),
    [("restream-agent.service", "nothing goes on air"), ("restream-ingest.service", "OBS cannot connect")],
)
def test_a_unit_that_should_always_run_and_does_not_is_a_fault(unit: str, effect: str) -> None:
    """Stopped by hand, or never started; a failed one is told once."""
    others = {name: state for name, state in RUNNING.items() if name != unit}
    (stopped,) = judge_units(others, ALWAYS)
    name = unit.removesuffix(".service")
    assert short(stopped) == ("fault", f"{unit} does not run: {effect}", f"systemctl start {name}")
    (failed,) = judge_units({**others, unit: UnitState(active="failed")}, ALWAYS)
    assert failed.words == f"{unit} has failed"
