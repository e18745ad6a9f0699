"""`restream-agent doctor` on a real machine: all well, then each fault, and what `check` says of it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.demo.install import ETC, PROGRAM
from tests.lab.servers import SRS
from tests.lab.skips import NO_SRS
from tests.system.installation import TOML, UNWATCHED, Installation

pytestmark = pytest.mark.system

VIDEOS = "/srv/streams/deep"
FAILING = "restream-fallback-prepare.service"
RULES = "/etc/polkit-1/rules.d"
OWN_RULE = f"{RULES}/50-restream-agent.rules"


@pytest.fixture(scope="module")
def applied(applied: Installation) -> Installation:
    """Without the agent's own applies: one for an edit of a test would mend what the next test breaks."""
    applied.edit(applied.toml + UNWATCHED)
    return applied


def findings(installation: Installation, *options: str, code: int = 0) -> list[dict[str, Any]]:
    """Return the findings of `doctor --json`."""
    answer = json.loads(installation.product("doctor", "--json", *options, code=code))
    assert answer["ok"] is (code == 0)
    found: list[dict[str, Any]] = answer["findings"]
    return found


def faults(installation: Installation) -> list[tuple[str, str, str]]:
    """Return subject, message and hint of each fault; there is at least one."""
    found = findings(installation, code=1)
    return [(each["subject"], each["message"], each["hint"]) for each in found if each["grade"] == "fault"]


@contextmanager
def undone(installation: Installation, do: str, undo: str) -> Iterator[None]:
    """Do something to the machine, and undo it at the end."""
    installation.container.run(("sh", "-c", do))
    try:
        yield
    finally:
        installation.container.run(("sh", "-c", undo))


def test_a_machine_in_order_has_no_fault(applied: Installation) -> None:
    """Every subject is looked at, and each file is within reach of its unit."""
    found = findings(applied)
    assert not [each for each in found if each["grade"] == "fault"]
    subjects = {each["subject"] for each in found}
    machine = {"systemd", "polkit", "units", "ports", "files", "fonts", "disk", "clock"}
    assert subjects == machine | {"toml", "ffmpeg", "nginx-rtmp"}
    words = {each["subject"]: each["message"] for each in found}
    assert words["polkit"].startswith("lets the agent start restream.target")
    assert words["ports"].endswith(": used by our units")
    assert "each within reach of the units that need it" in words["files"]
    assert words["nginx-rtmp"].endswith(", /usr/sbin/nginx")


def test_people_read_lines_with_a_summary(applied: Installation) -> None:
    """No key and no traceback in them."""
    said = applied.product("doctor")
    assert "\nok       polkit " in said
    assert "club-key-1" not in said
    assert said.splitlines()[-1] in ("all is well", "1 warning", "2 warnings")


def test_a_polkit_that_is_masked_is_a_fault_of_check_too(applied: Installation) -> None:
    """OBS would be accepted, and the state stay off air."""
    undo = "systemctl unmask polkit && systemctl start polkit"
    with undone(applied, "systemctl stop polkit && systemctl mask polkit", undo):
        ((subject, message, hint),) = faults(applied)
        assert (subject, hint) == ("polkit", "systemctl unmask polkit.service")
        for command in ("check", "apply"):
            assert message in applied.product(command, code=1)
    applied.product("check")


def test_a_polkit_that_is_stopped_is_started_by_the_question(applied: Installation) -> None:
    """D-Bus does that for the agent, too."""
    applied.container.run(("systemctl", "stop", "polkit"))
    (polkit,) = (each for each in findings(applied) if each["subject"] == "polkit")
    assert (polkit["grade"], "D-Bus started it" in polkit["message"]) == ("ok", True)


def test_a_rule_that_denies_is_a_fault_of_check_too(applied: Installation) -> None:
    """The installed rule is there, and another one comes first."""
    first = f"{RULES}/00-first.rules"
    rule = "polkit.addRule(function (action, subject) { return polkit.Result.NO; });"
    with undone(applied, f"echo '{rule}' > {first}", f"rm {first}; systemctl restart polkit"):
        applied.container.run(("systemctl", "restart", "polkit"))
        ((subject, message, _),) = faults(applied)
        assert (subject, "does not let the agent start restream.target" in message) == ("polkit", True)
        assert message in applied.product("check", code=1)
    applied.product("check")


def test_a_rule_that_is_missing_is_what_apply_mends(applied: Installation) -> None:
    """So check does not refuse it. The directory is polkit's, which would not watch a new one."""
    directory = ("stat", "-c", "%i %a %U", RULES)
    before = applied.container.run(directory).stdout
    with undone(applied, f"mv {OWN_RULE} /run/rule", f"cp -n /run/rule {OWN_RULE}"):
        ((subject, _, hint),) = faults(applied)
        assert (subject, hint) == ("polkit", "restream-agent apply")
        applied.product("check")
        applied.product("apply")
        findings(applied)
        assert before == applied.container.run(directory).stdout


def test_before_the_first_apply_nothing_is_a_fault(applied: Installation) -> None:
    """What is missing comes with apply, and the TOML with init."""
    toml, manifest = "/etc/restream-agent/restream.toml", "/var/lib/restream-agent/manifest.json"
    rule = "/etc/polkit-1/rules.d/50-restream-agent.rules"
    away = f"mv {toml} /root/toml; mv {manifest} /root/manifest; rm -f {rule}"
    with undone(applied, away, f"mv /root/manifest {manifest}; mv /root/toml {toml}; {PROGRAM} apply"):
        hints = {each["subject"]: each["hint"] for each in findings(applied)}
        assert (hints["toml"], hints["units"]) == ("restream-agent init", "restream-agent init")
        assert hints["polkit"] is None


def test_a_video_whose_parent_directory_is_closed_is_a_fault(applied: Installation) -> None:
    """The directory is named with the command that opens it, which mends it."""
    make = f"mkdir -p {VIDEOS} && ffmpeg -v error -y -f lavfi -i testsrc=d=1:s=320x180 {VIDEOS}/a.mp4"
    applied.container.run(("sh", "-c", make), timeout=60)
    with_video = applied.toml.replace("[fallback]\n", f'[fallback]\nvideo = "{VIDEOS}/a.mp4"\n')
    applied.container.write(TOML, with_video)
    try:
        applied.product("apply")
        with undone(applied, "chmod 700 /srv/streams", "chmod 755 /srv/streams"):
            found = [each for each in faults(applied) if each[0] == "files"]
            ((_, message, hint),) = found
            assert "as restream-prepare, may not enter /srv/streams, on the way to" in message
            applied.container.run(tuple(hint.split()))
            findings(applied)
    finally:
        applied.container.write(TOML, applied.toml)
        applied.product("apply")


def test_a_settings_file_that_its_unit_cannot_read_is_a_fault(applied: Installation) -> None:
    """Of ours: apply mends it."""
    settings = f"{ETC}/agent.json"
    with undone(applied, f"chmod 600 {settings}", f"chmod 644 {settings}"):
        ((subject, message, hint),) = faults(applied)
        assert (subject, hint) == ("files", "restream-agent apply")
        assert f"restream-agent.service, as restream, may not read {settings}" in message
        applied.product("apply")
        findings(applied)


def test_a_failed_helper_unit_is_a_fault(applied: Installation) -> None:
    """Until it is forgotten, as the hint says."""
    drop_in = f"/run/systemd/system/{FAILING}.d/99-fail.conf"
    applied.container.write(drop_in, "[Service]\nExecStart=\nExecStart=/bin/false\n")
    forget = f"rm {drop_in}; systemctl daemon-reload; systemctl reset-failed {FAILING}"
    with undone(applied, "systemctl daemon-reload", forget):
        applied.container.run(("systemctl", "start", FAILING), check=False)
        ((subject, message, hint),) = faults(applied)
        assert (subject, message) == ("units", f"{FAILING} has failed")
        assert "systemctl reset-failed restream-fallback-prepare" in hint
    findings(applied)


def test_a_port_that_another_program_has_is_a_fault_of_check_too(applied: Installation) -> None:
    """The ingest server was stopped, and something else took its port meanwhile."""
    applied.container.run(("systemctl", "stop", "restream-ingest"))
    try:
        with applied.serving(1935, "python3", "-m", "http.server", "--bind", "127.0.0.1", "1935"):
            found = faults(applied)
            (message,) = (message for subject, message, _ in found if subject == "ports")
            assert (
                "0.0.0.0:1935, which restream-ingest.service needs, is in use by another program" in message
            )
            assert "(python3, process " in message
            assert "0.0.0.0:1935" in applied.product("check", code=1)
    finally:
        applied.container.run(("systemctl", "start", "restream-ingest"))
    applied.container.wait_until(lambda: applied.listens(1935), 10, "the ingest server to listen")
    findings(applied)


@pytest.mark.skipif(not SRS.exists(), reason=NO_SRS)
def test_srs_says_its_version_in_the_sandbox(applied: Installation) -> None:
    """As built with its own settings it looks for leaks at its end, which a sandbox makes a failure."""
    with_srs = "/root/srs.toml"
    applied.container.write(with_srs, applied.toml.replace('"nginx-rtmp"', '"srs"'), mode=0o600)
    found = json.loads(applied.product("doctor", "--json", "--config", with_srs))["findings"]
    (srs,) = (each for each in found if each["subject"] == "srs")
    said = applied.container.run((str(SRS), "-v")).stdout.strip()
    assert (srs["grade"], srs["message"]) == ("ok", f"{said}, {SRS}")


def test_the_network_is_tried_on_request(applied: Installation) -> None:
    """Nobody serves the platform's port; a server that listens there hears nothing."""
    assert not [each for each in findings(applied) if each["subject"] == "club"]
    found = findings(applied, "--network", code=1)
    (club,) = (each for each in found if each["subject"] == "club")
    assert club["grade"] == "fault"
    assert club["message"] == "127.0.0.1:21000 does not answer: Connection refused"


def test_a_user_is_told_to_be_root(applied: Installation) -> None:
    """Only root sees what the units' users reach."""
    done = applied.container.run(("/usr/local/bin/restream-agent", "doctor"), user="nobody", check=False)
    assert (done.returncode, "sudo restream-agent doctor" in done.stderr) == (1, True)
