"""`restream-agent platform …` on air: the TOML is edited, and only that platform notices."""

from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.demo.install import ETC, PROGRAM
from tests.lab.terminal import Terminal
from tests.system.installation import SETTLED, TOML, Installation, changed

# Relays are the same on both servers.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

GAMMA = "ffmpeg-relay@gamma.service"
AGENT = {"restream-agent.service": "restarted"}
COMMENTS = (
    ("[ingest]\n", "# Our channel, since 2019\n\n[ingest]  # from the studio\n"),
    ("[platforms.beta]\n", "# The club pays for this one\n[platforms.beta]\n"),
)


@pytest.fixture(scope="module")
def commented(installation: Installation) -> Installation:
    """Give the TOML comments, and put it on air."""
    toml = installation.toml
    for old, new in COMMENTS:
        toml = toml.replace(old, new)
    installation.edit(f"{toml}# The end\n")
    installation.on_air()
    return installation


@pytest.fixture
def on_air(commented: Installation) -> Iterator[dict[str, str]]:
    """Return the active units; whatever the command was, alpha and beta keep their connections."""
    names = ("alpha", "beta")
    before = {name: commented.connections(name) for name in names}
    yield commented.runs()
    assert {name: commented.connections(name) for name in names} == before


def platform(installation: Installation, *arguments: str, key: str = "", code: int = 0) -> str:
    """Run a command on the platform gamma, with a key on its standard input; return both outputs."""
    command, *rest = arguments
    argv = (PROGRAM, "platform", command, "gamma", *rest)
    done = installation.container.run(argv, input=f"{key}\n" if key else None, timeout=120, check=False)
    output = done.stdout + done.stderr
    assert code == done.returncode, output
    assert not key or key not in output
    return output


def kept(installation: Installation) -> bool:
    """Tell whether the TOML still has each line that it had, in the same order."""
    lines = iter(installation.container.read(TOML).splitlines())
    return all(line in lines for line in installation.toml.splitlines())


def wait_changed(installation: Installation, before: dict[str, str], expected: dict[str, str]) -> None:
    """Wait until exactly the expected units have changed."""
    what = f"these changes and no more: {expected}"
    installation.container.wait_until(lambda: changed(before, installation.runs()) == expected, SETTLED, what)


def test_a_platform_is_added_with_its_key(commented: Installation, on_air: dict[str, str]) -> None:
    """Its relay starts alone; the diff is shown and the key is not; each line of the file stays."""
    url = commented.platforms["gamma"].url
    said = platform(commented, "add", "--url", url, "--apply", key="gamma-key")
    assert f'+[platforms.gamma]\n+url = "{url}"\n+key = {{ credential = "gamma" }}\n' in said
    assert "added gamma\n" in said
    commented.wait_on_air(["gamma"])
    assert changed(on_air, commented.runs()) == AGENT | {GAMMA: "started"}
    mode = commented.container.run(("stat", "-c", "%a %U", f"{ETC}/credentials/gamma")).stdout.strip()
    assert (kept(commented), mode) == (True, "600 root")
    assert "gamma" in commented.product("platform", "list")


def test_a_platform_is_disabled(commented: Installation, on_air: dict[str, str]) -> None:
    """A script that says nothing of applying leaves that to the agent, which has seen the edit."""
    said = platform(commented, "disable")
    assert "the agent applies it within seconds" in said
    wait_changed(commented, on_air, AGENT | {GAMMA: "stopped"})
    assert "gamma is disabled already" in platform(commented, "disable")


def test_a_platform_is_enabled(commented: Installation, on_air: dict[str, str]) -> None:
    """With --yes it is applied when the command returns."""
    assert "gamma is enabled\n" in platform(commented, "enable", "--yes")
    assert changed(on_air, commented.runs()) == AGENT | {GAMMA: "started"}
    commented.wait_on_air(["gamma"])


def test_another_encoding_restarts_its_relay_alone(commented: Installation, on_air: dict[str, str]) -> None:
    """Its connection is a new one."""
    said = platform(commented, "set", "video.height=180", "video.bitrate=300k", "--apply")
    assert '+video = { height = 180, bitrate = "300k" }\n' in said
    assert changed(on_air, commented.runs()).get(GAMMA) == "restarted"
    assert set(changed(on_air, commented.runs())) <= {GAMMA, *AGENT}
    commented.wait_on_air(["gamma"])
    assert kept(commented)


def test_a_new_key_restarts_its_relay_alone(commented: Installation, on_air: dict[str, str]) -> None:
    """The TOML stays as it is."""
    before = commented.container.read(TOML)
    said = platform(commented, "set", "--key", "--apply", key="gamma-key-of-tomorrow")
    assert "changed gamma\n" in said
    assert changed(on_air, commented.runs()).get(GAMMA) == "restarted"
    assert set(changed(on_air, commented.runs())) <= {GAMMA, *AGENT}
    assert before == commented.container.read(TOML)
    platform(commented, "set", "--key", "--apply", key="gamma-key")
    commented.wait_on_air(["gamma"])


def test_what_cannot_be_used_changes_nothing(commented: Installation, on_air: dict[str, str]) -> None:
    """Neither the file nor a unit; the message has the line that would be wrong."""
    before = commented.container.read(TOML)
    said = platform(commented, "set", "video.bitrate=1", "--apply", code=78)
    assert f"{TOML}:" in said
    assert "platforms.gamma.video.bitrate" in said
    assert said.endswith("restream-agent: nothing was changed\n")
    assert (before, changed(on_air, commented.runs())) == (commented.container.read(TOML), {})


def test_a_platform_is_removed(commented: Installation, on_air: dict[str, str]) -> None:
    """Its relay stops alone; the comments stay, and so does the key, whose removal is a command to copy."""
    said = platform(commented, "remove", "--apply")
    assert changed(on_air, commented.runs()) == AGENT | {GAMMA: "stopped"}
    assert commented.container.read(TOML) == commented.toml
    assert "its key is still stored: restream-agent secret remove gamma\n" in said
    commented.product("secret", "remove", "gamma")


def test_a_person_is_asked(commented: Installation, on_air: dict[str, str]) -> None:
    """For the key, hidden, and whether to write and apply; after a no, nothing has changed."""
    url = commented.platforms["gamma"].url
    for answer in ("n", "y"):
        with closing(Terminal(commented.container)) as terminal:
            terminal.type(f"clear; restream-agent platform add gamma --url {url}")
            terminal.wait_for("key for gamma (not shown):")
            terminal.type("gamma-key")
            terminal.wait_for("write this and apply it? [Y/n]:")
            terminal.type(answer)
            shown = terminal.wait_shown("nothing was changed" if answer == "n" else "added gamma")
            assert "gamma-key" not in shown
        if answer == "n":
            assert commented.container.read(TOML) == commented.toml
            assert "gamma" not in commented.product("secret", "list")
    commented.wait_on_air(["gamma"])
    wait_changed(commented, on_air, AGENT | {GAMMA: "started"})
