"""Platforms in files of their own, `platforms.d/*.toml`, on air: as if they were in the TOML itself."""

from collections.abc import Iterator

import pytest

from restream_agent.base.errors import EXIT_CONFIG
from tests.demo.install import ETC, PROGRAM
from tests.system.installation import TOML, Installation, changed

# Relays are the same on both servers.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

PIECE = f"{ETC}/platforms.d/gamma.toml"
GAMMA = "ffmpeg-relay@gamma.service"
AGENT = {"restream-agent.service": "restarted"}
ENCODED = 'video = { height = 180, bitrate = "300k" }\n'


@pytest.fixture
def on_air(installation: Installation) -> Iterator[dict[str, str]]:
    """Return the active units of a broadcast, in which alpha and beta keep their connections."""
    installation.on_air()
    before = {name: installation.connections(name) for name in ("alpha", "beta")}
    yield installation.runs()
    assert {name: installation.connections(name) for name in ("alpha", "beta")} == before


def piece(installation: Installation) -> str:
    """Return a file with the platform gamma and a comment."""
    url = installation.platforms["gamma"].url
    return f'# Gamma, a guest\n[platforms.gamma]\nurl = "{url}"\nkey = {{ credential = "gamma" }}\n'


def save(installation: Installation, text: str, *, place: str = PIECE) -> str:
    """Save a file and apply it; return what `apply` says, which may come after the agent's own apply."""
    installation.container.write(place, text)
    return installation.product("apply")


def test_a_file_that_is_added_starts_its_relay(installation: Installation, on_air: dict[str, str]) -> None:
    """Nothing else notices but the agent; the platform is listed as the others are."""
    installation.container.write(f"{ETC}/credentials/gamma", "gamma-key\n", mode=0o600)
    save(installation, piece(installation))
    installation.wait_on_air(["gamma"])
    assert changed(on_air, installation.runs()) == AGENT | {GAMMA: "started"}
    assert "gamma" in installation.product("platform", "list")
    assert installation.product("check").startswith(f"{TOML}: ok, 3 platforms")
    assert installation.product("diff") == ""


def test_a_file_that_changes_restarts_its_relay(installation: Installation, on_air: dict[str, str]) -> None:
    """As with a change in the TOML."""
    save(installation, piece(installation) + ENCODED)
    assert changed(on_air, installation.runs()).get(GAMMA) == "restarted"
    assert set(changed(on_air, installation.runs())) <= {GAMMA, *AGENT}
    installation.wait_on_air(["gamma"])


def test_a_mistake_names_its_file_and_line(installation: Installation, on_air: dict[str, str]) -> None:
    """`check` and `apply` refuse it, and everything runs on."""
    files = installation.files()
    bad = piece(installation) + ENCODED.replace("height", "heigt")
    installation.container.write(PIECE, bad)
    place = f"{PIECE}:5:11: error: platforms.gamma.video.heigt: "
    for command in ("check", "apply"):
        done = installation.container.run((PROGRAM, command), check=False, timeout=60)
        assert (done.returncode, done.stderr.startswith(place)) == (EXIT_CONFIG, True), done.stderr
        assert '    5 | video = { heigt = 180, bitrate = "300k" }' in done.stderr
    assert changed(on_air, installation.runs()) == {}
    save(installation, piece(installation) + ENCODED)
    assert (changed(on_air, installation.runs()), files) == ({}, installation.files())


def test_a_platform_in_two_files_is_refused(installation: Installation, on_air: dict[str, str]) -> None:
    """Both are named."""
    other = f"{ETC}/platforms.d/other.toml"
    installation.container.write(other, piece(installation))
    said = installation.product("check", code=EXIT_CONFIG)
    installation.container.run(("rm", other))
    assert said.startswith(f"{other}:2:1: error: platforms.gamma: is in {PIECE}, too")
    installation.product("apply")
    assert changed(on_air, installation.runs()) == {}


def test_a_command_edits_the_file_that_has_the_platform(
    installation: Installation, on_air: dict[str, str]
) -> None:
    """The TOML stays as it is, and so do the comments of the file."""
    toml = installation.container.read(TOML)
    said = installation.product("platform", "disable", "gamma", "--apply")
    assert f"+++ {PIECE}\n" in said
    assert changed(on_air, installation.runs()) == AGENT | {GAMMA: "stopped"}
    text = piece(installation) + ENCODED + "enabled = false\n"
    assert (installation.container.read(PIECE), installation.container.read(TOML)) == (text, toml)


def test_a_file_that_is_removed_takes_its_platform_away(
    installation: Installation, on_air: dict[str, str]
) -> None:
    """Its relay stops, and its unit's files are gone."""
    save(installation, piece(installation))
    installation.wait_on_air(["gamma"])
    before = installation.runs()
    installation.container.run(("rm", PIECE))
    installation.product("apply")
    assert changed(before, installation.runs()) == AGENT | {GAMMA: "stopped"}
    assert "gamma" not in installation.product("platform", "list")
    assert f"{GAMMA}.d" not in installation.files()
