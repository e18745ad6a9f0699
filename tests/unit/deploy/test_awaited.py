"""The files for which a refused apply waits."""

from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, Problem
from restream_agent.base.target import THIS_MACHINE, TargetMachine
from restream_agent.config.load import examine_pieces, load
from restream_agent.config.pieces import Piece
from restream_agent.deploy import awaited, checking
from restream_agent.systemd import systemctl
from restream_agent.systemd.systemctl import Systemd

TOML = """
version = 1
[ingest]
key = { credential = "ingest" }
[fallback]
video = "/nowhere/loop.mp4"
[platforms.twitch]
preset = "twitch"
key = { credential = "awaited-twitch" }
[platforms.club]
url = "rtmp://h/app"
key = { file = "KEY_FILE" }
"""
BAD_KEY = "/srv/awaited/club"
CONFIG = load(TOML.replace("KEY_FILE", BAD_KEY), source="t")
PROBLEMS = tuple(
    Problem("t", 1, key, "is not as it should be")
    for key in ("platforms.twitch.key", "platforms.club.key", "fallback.video[0]")
)


class PathUnits:
    """Answers systemctl and systemd-run; the first `refusals` calls of the latter fail."""

    def __init__(self, *, state: str = "loaded", refusals: int = 0) -> None:
        self.calls: list[tuple[str, ...]] = []
        self._state, self._refusals = state, refusals

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert (timeout > 0, ok) == (True, (0,))
        if argv[:2] == ("systemctl", "show"):
            return CompletedProcess(argv, 0, f"{self._state}\n", "")
        self.calls.append(argv)
        if len(self.calls) <= self._refusals:
            raise CommandError(argv, "failed with exit status 1")
        return CompletedProcess(argv, 0, "", "")


UseUnits = Callable[[PathUnits], PathUnits]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> UseUnits:
    """Return what puts a fake in place of systemctl."""

    def put(units: PathUnits) -> PathUnits:
        monkeypatch.setattr(systemctl, "Systemd", lambda: Systemd(units))
        return units

    monkeypatch.setattr(awaited, "_PAUSE", 0.0)
    return put


def test_systemd_watches_what_is_missing_and_what_does_not_do(use: UseUnits, tmp_path: Path) -> None:
    """A credential may come plain or encrypted; a file that exists has to change."""
    bad = tmp_path / "club"
    bad.touch()
    config = load(TOML.replace("KEY_FILE", str(bad)), source="t")
    units = use(PathUnits())
    missing = awaited.wait_for(THIS_MACHINE, config, PROBLEMS)
    assert units.calls == [
        (
            "systemd-run",
            "--quiet",
            "--collect",
            "--unit=restream-apply.service",
            f"--path-property=PathExists={paths.CREDENTIALS}/awaited-twitch",
            f"--path-property=PathExists={paths.ENCRYPTED_CREDENTIALS}/awaited-twitch",
            "--path-property=PathExists=/nowhere/loop.mp4",
            f"--path-property=PathChanged={bad}",
        )
    ]
    assert missing == (f"{paths.CREDENTIALS}/awaited-twitch", "/nowhere/loop.mp4")


def test_what_the_policy_refuses_waits_for_the_policy(use: UseUnits) -> None:
    """Not for the file that it refuses."""
    units = use(PathUnits())
    refused = PROBLEMS[2:]
    missing = awaited.wait_for(THIS_MACHINE, CONFIG, PROBLEMS[:1] + refused, refused)
    watched = [word for word in units.calls[0] if "slate" in word or paths.POLICY in word or "loop" in word]
    assert watched == [f"--path-property=PathExists={paths.POLICY}"]
    assert paths.POLICY in missing


def test_the_path_unit_of_before_may_need_a_moment_to_go(use: UseUnits) -> None:
    """systemd refuses a second one of the name; it is asked again."""
    units = use(PathUnits(refusals=2))
    awaited.wait_for(THIS_MACHINE, CONFIG, PROBLEMS)
    assert len(units.calls) == 3


def test_what_systemd_refuses_for_long_is_logged(use: UseUnits, caplog: pytest.LogCaptureFixture) -> None:
    """The problems of the TOML are what the user has to see."""
    use(PathUnits(refusals=100))
    assert awaited.wait_for(THIS_MACHINE, CONFIG, PROBLEMS) == ()
    assert "failed with exit status 1" in caplog.text


def test_nothing_is_waited_for_without_a_reason(use: UseUnits, tmp_path: Path) -> None:
    """No file is the problem, the first apply is still to come, below a --root, or agent.watch = false."""
    unwatched = load(f"{TOML.replace('KEY_FILE', BAD_KEY)}[agent]\nwatch = false\n", source="t")
    other = (Problem("t", 1, "platforms.twitch", "sends to itself"),)
    for state, target, config, problems in (
        ("loaded", THIS_MACHINE, CONFIG, other),
        ("not-found", THIS_MACHINE, CONFIG, PROBLEMS),
        ("loaded", TargetMachine(tmp_path), CONFIG, PROBLEMS),
        ("loaded", THIS_MACHINE, unwatched, PROBLEMS),
    ):
        units = use(PathUnits(state=state))
        assert awaited.wait_for(target, config, problems) == ()
        assert units.calls == []


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ((), ""),
        (("/a/key",), "the TOML is applied by itself when /a/key is there"),
        (("/a/key", "/b", "/c"), "the TOML is applied by itself when /a/key and 2 more are there"),
    ],
)
def test_the_user_is_told_what_is_waited_for(missing: tuple[str, ...], words: str) -> None:
    """Below the problems."""
    assert awaited.words(missing) == words


def test_the_problems_that_check_finds_are_about_files(tmp_path: Path) -> None:
    """Missing keys, of each kind, and missing videos."""
    text = TOML.replace("KEY_FILE", "/srv/nowhere/club")
    loaded = examine_pieces((Piece("t", text),))
    assert loaded.config is not None
    problems = checking.usable_problems(loaded, TargetMachine(tmp_path))
    assert set(awaited.files_of(loaded.config, problems).values()) == {
        f"{paths.CREDENTIALS}/ingest",
        f"{paths.ENCRYPTED_CREDENTIALS}/ingest",
        f"{paths.CREDENTIALS}/awaited-twitch",
        f"{paths.ENCRYPTED_CREDENTIALS}/awaited-twitch",
        "/srv/nowhere/club",
        "/nowhere/loop.mp4",
    }
