"""apply below a --root: everything written, or everything as it was."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import ConfigError, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.target import TargetMachine
from restream_agent.config.load import load
from restream_agent.config.model import Config
from restream_agent.deploy import secret_checks
from restream_agent.deploy.apply import apply
from restream_agent.deploy.perform import perform
from restream_agent.deploy.plan import Actions
from restream_agent.deploy.planning import Plan, make_plan
from restream_agent.systemd.systemctl import Systemd
from tests.golden.rendering import fixed_facts

HEAD = 'version = 1\n[ingest]\nkey = { credential = "ingest" }\n'
TWITCH = '[platforms.twitch]\npreset = "twitch"\nkey = { credential = "twitch" }\n'
YOUTUBE = '[platforms.youtube]\npreset = "youtube"\nkey = { credential = "youtube" }\n'
LATE = "/etc/systemd/system/restream.target.d/10-restream.conf"


class Recording:
    """Answers like systemctl on a machine where these units are active, and records each call."""

    def __init__(self, *active: str) -> None:
        self.calls: list[str] = []
        self._shown = "\n".join(f"Id={unit}\nActiveState=active\n" for unit in active)

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert timeout > 0
        assert 0 in ok
        if argv[1] == "show":
            return CompletedProcess(argv, 0, self._shown, "")
        self.calls.append(" ".join(word for word in argv[1:] if word != "--"))
        return CompletedProcess(argv, 0, "", "")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with the keys of both platforms and of OBS."""
    for name in ("ingest", "twitch", "youtube"):
        files.write(tmp_path, f"{paths.CREDENTIALS}/{name}", File(f"{name}-key\n", mode=0o600))
    return tmp_path


def configured(*tables: str) -> Config:
    return load("\n".join((HEAD, *tables)), source="t")


def applied(
    root: Path,
    *tables: str,
    prepare: Callable[[], None] = lambda: None,
    lock_wait: float = files.LOCK_SECONDS,
) -> Plan:
    """Apply a configuration below a root; systemd must not be called there."""
    runner = Recording()
    config = configured(*tables)
    done = apply(
        config,
        fixed_facts(config),
        target=TargetMachine(root),
        systemd=Systemd(runner),
        prepare=prepare,
        lock_wait=lock_wait,
    )
    assert runner.calls == []
    return done.plan


def planned(root: Path, *tables: str) -> Plan:
    config = configured(*tables)
    return make_plan(config, fixed_facts(config), TargetMachine(root))


def snapshot(root: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file and directory below a root, with mode and content, but for the lock's."""
    return {
        str(path): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in root.rglob("*")
        if not path.is_relative_to(root / "run")
    }


def test_what_was_applied_needs_nothing_more(root: Path) -> None:
    """The second plan is empty and the second apply writes nothing."""
    assert not applied(root, TWITCH).is_empty
    before = snapshot(root)
    assert planned(root, TWITCH).is_empty
    assert applied(root, TWITCH).is_empty
    assert before == snapshot(root)


def test_a_plan_writes_nothing(root: Path) -> None:
    """`diff` has no effect."""
    before = snapshot(root)
    planned(root, TWITCH)
    assert before == snapshot(root)


def test_what_is_no_longer_configured_is_removed(root: Path) -> None:
    """The manifest lists our files; the drop-in's directory is removed too."""
    applied(root, TWITCH, YOUTUBE)
    applied(root, TWITCH)
    assert list(root.glob("etc/systemd/system/ffmpeg-relay@youtube*")) == []


def test_the_manifest_holds_no_key(root: Path) -> None:
    """It holds paths, a salt and keyed hashes, and only root can read it."""
    applied(root, TWITCH)
    place = files.locate(root, paths.MANIFEST)
    text = place.read_text()
    assert sorted(json.loads(text)) == ["owned", "salt", "secrets", "settings"]
    assert "-key" not in text
    assert place.stat().st_mode & 0o7777 == 0o600


def test_a_changed_key_is_noticed_once(root: Path) -> None:
    """Its relay restarts; after that apply, nothing is left to do."""
    applied(root, TWITCH, YOUTUBE)
    files.write(root, f"{paths.CREDENTIALS}/twitch", File("another\n", mode=0o600))
    assert planned(root, TWITCH, YOUTUBE).actions == Actions(restart=("ffmpeg-relay@twitch.service",))
    applied(root, TWITCH, YOUTUBE)
    assert planned(root, TWITCH, YOUTUBE).is_empty


def test_an_edit_by_hand_is_taken_back(root: Path) -> None:
    """A rendered file is ours, whatever its content is now."""
    applied(root, TWITCH)
    place = root / "etc/systemd/system/fallback.service"
    text = place.read_text()
    place.write_text("[Service]\n")
    assert [change.path for change in planned(root, TWITCH).changes] == [
        "/etc/systemd/system/fallback.service"
    ]
    applied(root, TWITCH)
    assert text == place.read_text()


def test_a_mode_changed_by_hand_is_taken_back(root: Path) -> None:
    """Only root may read the hook token."""
    applied(root, TWITCH)
    place = files.locate(root, paths.HOOK_TOKEN)
    place.chmod(0o644)
    applied(root, TWITCH)
    assert place.stat().st_mode & 0o7777 == 0o600


def test_a_foreign_file_is_refused_and_kept(root: Path) -> None:
    """It is where one of our files has to go; no other file is written either."""
    files.write(root, "/etc/systemd/system/fallback.service", File("[Service]\nExecStart=/bin/true\n"))
    before = snapshot(root)
    with pytest.raises(RestreamError, match=r"fallback.service exists and was not made by restream-agent"):
        applied(root, TWITCH)
    assert before == snapshot(root)


def test_a_missing_key_is_a_problem_of_the_configuration(root: Path) -> None:
    """It is reported before anything is written."""
    files.locate(root, f"{paths.CREDENTIALS}/twitch").unlink()
    before = snapshot(root)
    with pytest.raises(ConfigError, match=r"platforms.twitch.key: .*/twitch does not exist"):
        applied(root, TWITCH)
    assert before == snapshot(root)


def test_a_fallback_that_cannot_be_made_changes_nothing(root: Path) -> None:
    """It is prepared when only its settings and accounts are new, and these are put back."""
    applied(root, TWITCH)
    before = snapshot(root)

    def fail() -> None:
        raise RestreamError("the video is damaged")

    with pytest.raises(RestreamError, match="damaged"):
        applied(root, TWITCH, YOUTUBE, prepare=fail)
    assert before == snapshot(root)


@pytest.mark.parametrize("tables", [(TWITCH,), (TWITCH, YOUTUBE)], ids=["same relays", "another relay"])
def test_a_write_that_fails_is_undone(root: Path, tables: tuple[str, ...]) -> None:
    """A created file is removed, a changed file is as before, a removed file is back."""
    applied(root, YOUTUBE)
    before = snapshot(root)
    place = root / "etc/systemd/system/ffmpeg-relay@twitch.service.d/10-restream.conf"

    def stand_in_the_way() -> None:
        place.mkdir(parents=True)

    with pytest.raises(RestreamError, match="Is a directory"):
        applied(root, *tables, prepare=stand_in_the_way)
    place.rmdir()
    place.parent.rmdir()
    assert before == snapshot(root)


def test_a_first_apply_that_fails_leaves_no_file(root: Path) -> None:
    """Only directories may be new."""
    before = {path for path in root.rglob("*") if path.is_file()}

    def stand_in_the_way() -> None:
        files.locate(root, LATE).mkdir(parents=True)

    with pytest.raises(RestreamError, match="Is a directory"):
        applied(root, TWITCH, prepare=stand_in_the_way)
    left = {path for path in root.rglob("*") if path.is_file() or path.is_symlink()}
    assert left - before == {files.locate(root, paths.LOCK)}


def test_a_second_apply_at_the_same_time_is_refused(root: Path) -> None:
    """It would see files that are only partly written."""
    with files.lock(root), pytest.raises(RestreamError, match="another apply is running"):
        applied(root, TWITCH, lock_wait=0.1)


def test_inline_keys_are_removed_with_their_platform(root: Path) -> None:
    """A key that was in the TOML does not stay on the disk."""
    applied(root, '[platforms.club]\nurl = "rtmp://h/app"\nkey = "in-the-clear"\n')
    place = files.locate(root, f"{paths.INLINE_KEYS}/club")
    assert place.read_text() == "in-the-clear"
    applied(root, TWITCH)
    assert not place.exists()


def test_systemd_is_asked_in_an_order_that_works() -> None:
    """Stop with the old files, then daemon-reload, then restart, reload and start with the new files."""
    runner = Recording("restream.target", "a.service")
    actions = Actions(
        daemon_reload=True,
        stop=("a.service", "stopped.service"),
        restart=("b.service",),
        reload=("c.service",),
        start=("d.socket",),
        start_on_air=("e.service",),
    )
    perform(actions, Systemd(runner))
    assert runner.calls == [
        "stop a.service",
        "daemon-reload",
        "try-restart b.service",
        "try-reload-or-restart c.service",
        "start d.socket",
        "start e.service",
    ]


def test_a_new_relay_is_not_started_off_air() -> None:
    """It starts with the next broadcast."""
    runner = Recording("restream-agent.service")
    perform(Actions(start_on_air=("e.service",)), Systemd(runner))
    assert runner.calls == []


def test_a_removed_channel_leaves_no_request_behind(root: Path) -> None:
    """A break that was asked for does not hold a later channel of the same name; that of `main` stays."""
    files.write(root, f"{paths.CREDENTIALS}/ingest-es", File("es-key\n", mode=0o600))
    channel = '[channels.es]\nkey = { credential = "ingest-es" }\n'
    applied(root, TWITCH, channel)
    of_main, of_es = (f"{paths_of(name).operator}/break" for name in ("main", "es"))
    for request in (of_main, of_es):
        files.write(root, request, File(""))
    applied(root, TWITCH, YOUTUBE, channel)
    assert files.locate(root, of_es).exists()
    applied(root, TWITCH)
    assert not files.locate(root, of_es).exists()
    assert files.locate(root, of_main).exists()


def test_a_token_in_use_survives(root: Path) -> None:
    """The hooks of the running ingest server carry it."""
    applied(root, TWITCH)
    assert secret_checks.hook_token(root) == "fake-hook-token"
