"""The command `doctor`: its lines, its JSON, its exit code; what it looks at is in tests/unit/deploy."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from restream_agent.base.errors import RestreamError
from restream_agent.cli import doctor_view
from restream_agent.cli.main import main
from restream_agent.deploy import doctor, machine_look
from restream_agent.deploy.findings import Finding, fault, ok, warning
from restream_agent.deploy.reach_findings import Host

FINE = ok("systemd", "252 is process 1")
RISKY = warning("clock", "nothing synchronises it", "timedatectl set-ntp true")
BROKEN = fault("polkit", "polkit is masked", "systemctl unmask polkit.service")


def run(monkeypatch: pytest.MonkeyPatch, found: Sequence[Finding], *options: str) -> Result:
    def examine(given: Path | None, *, has_network: bool) -> tuple[Finding, ...]:
        assert (given, has_network) == (None, "--network" in options)
        return tuple(found)

    monkeypatch.setattr(doctor, "examine", examine)
    return CliRunner().invoke(main, ["doctor", *options])


def test_findings_are_aligned_with_what_mends_them_below(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last line counts what is not in order."""
    done = run(monkeypatch, (FINE, BROKEN, RISKY))
    assert done.exit_code == 1
    assert done.stdout == (
        "ok       systemd  252 is process 1\n"
        "fault    polkit   polkit is masked\n"
        "                  hint: systemctl unmask polkit.service\n"
        "warning  clock    nothing synchronises it\n"
        "                  hint: timedatectl set-ntp true\n"
        "\n"
        "1 fault, 1 warning\n"
    )


@pytest.mark.parametrize(
    ("found", "code", "last"),
    [
        ((FINE,), 0, "all is well"),
        ((FINE, RISKY, RISKY), 0, "2 warnings"),
        ((BROKEN, BROKEN), 1, "2 faults"),
    ],
)
def test_only_a_fault_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, found: tuple[Finding, ...], code: int, last: str
) -> None:
    """A warning is none: the broadcast works."""
    done = run(monkeypatch, found, "--network")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (code, last)


def test_each_grade_has_a_tone() -> None:
    """As in status: green, yellow, red."""
    text = doctor_view.text((FINE, RISKY, BROKEN))
    for grade, colour in (("ok", "green"), ("warning", "yellow")):
        assert click.style(grade, fg=colour) in text
    assert click.style("fault", fg="red", bold=True) in text


def test_words_from_outside_move_no_cursor() -> None:
    """A version, a unit's own words, a certificate."""
    assert "\x1b[2J" not in doctor_view.text((ok("srs", "6.0\x1b[2J"),))


def test_json_has_these_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    """docs/operations.md describes them; a program may rely on each."""
    done = run(monkeypatch, (FINE, BROKEN), "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout) == {
        "version": 1,
        "ok": False,
        "findings": [
            {"subject": "systemd", "grade": "ok", "message": "252 is process 1", "hint": None},
            {
                "subject": "polkit",
                "grade": "fault",
                "message": "polkit is masked",
                "hint": "systemctl unmask polkit.service",
            },
        ],
    }


def test_a_user_is_told_to_be_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only root sees what the units' users reach."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    done = CliRunner().invoke(main, ["doctor"])
    assert (done.exit_code, "sudo restream-agent doctor" in done.stderr) == (1, True)


def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)


def subjects(found: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.subject for finding in found))


def test_a_toml_with_errors_hides_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is left of it says what the machine needs; check tells the errors."""
    as_root(monkeypatch)
    toml = tmp_path / "restream.toml"
    toml.write_text('version = 1\n[ingest]\nkey = "any"\nlisten = "127.0.0.1:1935"\nkeyy = 1\n')
    found = doctor.examine(toml, has_network=False)
    assert found[0] == fault("toml", f"{toml} has 1 error", f"restream-agent check --config {toml}")
    assert {"systemd", "files", "fonts", "disk", "clock"} <= set(subjects(found))


def test_a_toml_that_is_no_toml_leaves_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Systemd, disk and clock need no configuration."""
    as_root(monkeypatch)
    found = doctor.examine(tmp_path / "none.toml", has_network=False)
    assert (found[0].grade, found[0].subject) == ("fault", "toml")
    assert {"systemd", "disk", "clock"} <= set(subjects(found))
    assert "files" not in subjects(found)


def test_a_look_that_fails_is_a_fault_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """It hides no other, and its hint is kept."""

    def break_down(*_: Any) -> None:
        raise RestreamError("systemctl: gave no answer", hint="try again")

    as_root(monkeypatch)
    monkeypatch.setattr(machine_look, "look_at_systemd", break_down)
    found = doctor.examine(None, has_network=False)
    assert fault("systemd", "systemctl: gave no answer", "try again") in found
    assert "clock" in subjects(found)


def test_platforms_are_tried_on_request_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Those of the configuration, and no other host."""
    as_root(monkeypatch)
    asked = list[str]()

    def try_hosts(tried: Iterable[Host], _: str) -> tuple[()]:
        asked.extend(host.address for host in tried)
        return ()

    monkeypatch.setattr(doctor, "try_hosts", try_hosts)
    toml = tmp_path / "restream.toml"
    toml.write_text(
        'version = 1\n[ingest]\nkey = "any"\nlisten = "127.0.0.1:1935"\n'
        '[platforms.club]\nurl = "rtmps://live.example.org/app"\nkey = { credential = "club" }\n'
    )
    doctor.examine(toml, has_network=False)
    assert asked == []
    doctor.examine(toml, has_network=True)
    assert asked == ["live.example.org:443"]
