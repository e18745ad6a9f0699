"""Which files our services need, and as which user: read from the golden trees."""

from pathlib import Path

import pytest

from restream_agent.deploy.unit_files import FileNeed, OwnProgram, file_needs
from tests.golden.rendering import CASES, fixed_facts, read, rendered

PYTHON, PACKAGE = "/opt/restream-agent/bin/python3", "/opt/restream-agent/lib/restream_agent/__init__.py"
CREDENTIALS = "/etc/restream-agent/credentials"


def needed(case: str, unit: str) -> dict[str, FileNeed]:
    """Return what a unit of a golden case needs, by path."""
    directory = next(each for each in CASES if each.name == case)
    config = read(directory)
    assert fixed_facts(config).python == PYTHON
    needs = file_needs(rendered(directory), config, OwnProgram(PYTHON, PACKAGE))
    return {need.path: need for need in needs if need.unit == unit}


def test_a_relay_needs_its_key_from_root_and_its_programs_as_its_own_user() -> None:
    """systemd reads credentials and environment files, so the user does not matter there."""
    needs = needed("three-channels", "ffmpeg-relay@twitch.service")
    assert {path: (need.user, need.executes) for path, need in needs.items()} == {
        f"{CREDENTIALS}/twitch": ("", False),
        "/etc/restream-agent/relay.env": ("", False),
        PYTHON: ("relay-twitch", True),
        PACKAGE: ("relay-twitch", False),
        "/usr/bin/ffmpeg": ("relay-twitch", True),
        "/etc/ssl/certs/ca-certificates.crt": ("relay-twitch", False),
    }
    assert needs[PYTHON].is_dynamic
    assert needs[PYTHON].groups == ("restream-relay",)
    assert "/home/" in needs[PYTHON].hidden
    assert "/tmp/" in needs[PYTHON].hidden


def test_a_channel_s_program_has_its_own_settings() -> None:
    """Its unit is an instance of a template; the prepared videos come later."""
    needs = needed("three-channels", "fallback@es.service")
    assert not needs["/etc/restream-agent/channels/es/program.json"].is_optional
    assert needs["/etc/restream-agent/channels/es/program.json"].user == "fallback-es"
    assert needs["/var/lib/restream-agent/fallback/channels/es/current.flv"].is_optional


def test_the_ingest_server_runs_its_executable_and_reads_its_configuration() -> None:
    """As a user that is no dynamic one: the file belongs to its group."""
    needs = needed("minimal-srs", "restream-ingest.service")
    assert needs["/usr/local/srs/objs/srs"].executes
    assert needs["/etc/restream-agent/srs.conf"] == FileNeed(
        "restream-ingest.service",
        "/etc/restream-agent/srs.conf",
        user="restream-ingest",
        hidden=needs[PYTHON].hidden,
    )


def test_the_agent_is_found_by_name_and_reads_the_settings_of_each_channel() -> None:
    """Its keys come from root."""
    needs = needed("three-channels", "restream-agent.service")
    assert needs["restream-agent"].executes
    assert needs["/etc/restream-agent/agent.json"].user == "restream"
    assert needs["/etc/restream-agent/channels/en/agent.json"].user == "restream"
    assert needs["/etc/restream-agent/hook-token"].user == ""


def test_the_conversion_needs_the_videos_which_may_be_in_a_home() -> None:
    """Its sandbox shows the homes, not /tmp."""
    needs = needed("full", "restream-fallback-convert@configured.service")
    video = next(need for path, need in needs.items() if path.endswith(".mp4"))
    assert (video.user, video.executes) == ("restream-prepare", False)
    assert video.hidden == ("/tmp/", "/var/tmp/")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_need_is_an_absolute_path_or_a_command(case: Path) -> None:
    """Nothing below /run, which units make themselves, except what the TOML names; no template is left."""
    config = read(case)
    needs = file_needs(rendered(case), config, OwnProgram(PYTHON, PACKAGE))
    strange = [need for need in needs if not need.path.startswith("/") and "/" in need.path]
    templates = [need for need in needs if "@." in need.unit or "%i" in need.path]
    assert (strange, templates) == ([], [])
    assert {need.user for need in needs if need.path == PYTHON} - {""}
    written = [need for need in needs if need.path.startswith("/run/") and need.user]
    assert written == []
