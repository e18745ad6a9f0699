"""Whether a unit's user reaches a file, each directory on the way included, and what is said of it."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from restream_agent.base.rights import PosixUser
from restream_agent.deploy.file_findings import Blocked, Reason, judge_files
from restream_agent.deploy.file_look import look_at_files
from restream_agent.deploy.findings import Finding, ok
from restream_agent.deploy.unit_files import FileNeed

PREPARE, RELAY = "restream-fallback-convert@configured.service", "ffmpeg-relay@twitch.service"


@pytest.fixture
def video(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a video that everybody may read, wherever pytest keeps its files."""
    place = tmp_path / "streams/deep/video.mp4"
    place.parent.mkdir(parents=True)
    place.touch(mode=0o644)
    for directory in (place.parent, place.parent.parent):
        directory.chmod(0o755)
    # pytest's own directories are for their user alone.
    monkeypatch.setattr("restream_agent.base.rights.way_to", steps_from(tmp_path))
    return place


def steps_from(top: Path):  # type: ignore[no-untyped-def]
    from restream_agent.base import rights

    whole = rights.way_to
    return lambda path: (step for step in whole(path) if step[0].is_relative_to(top) and step[0] != top)


def look(path: Path | str, **changes: object) -> list[Blocked]:
    need = FileNeed(PREPARE, str(path), user="nobody", is_dynamic=True)
    return list(look_at_files([replace(need, **changes)], Path("/")))  # type: ignore[arg-type]


def test_a_file_that_everybody_may_read_is_no_finding(video: Path) -> None:
    """Nor one that nobody needs yet."""
    assert look(video) == []
    assert look(f"{video}.not", is_optional=True) == []


def test_a_directory_on_the_way_is_named(video: Path) -> None:
    """Not the file, whose own mode is fine."""
    video.parent.parent.chmod(0o750)
    (found,) = look(video)
    assert (found.reason, found.place) == (Reason.DIRECTORY, str(video.parent.parent))


def test_a_file_of_its_owner_alone_is_named(video: Path) -> None:
    """And one that may be read, but not run."""
    assert [each.reason for each in look(video, executes=True)] == [Reason.FILE]
    video.chmod(0o600)
    assert [(each.reason, each.place) for each in look(video)] == [(Reason.FILE, str(video))]


def test_a_file_that_is_missing_is_named(video: Path) -> None:
    """With its own path."""
    assert [(each.reason, each.place) for each in look(f"{video}.not")] == [(Reason.MISSING, f"{video}.not")]


def test_root_reads_everything_that_is_there(video: Path) -> None:
    """It reads credentials for the units."""
    video.chmod(0o600)
    assert (look(video, user=""), len(look(f"{video}.not", user=""))) == ([], 1)


def test_what_the_sandbox_hides_is_told(video: Path) -> None:
    """Whatever its mode is."""
    hidden = f"{video.parent.parent}/"
    (found,) = look(video, hidden=(hidden,))
    assert (found.reason, found.place) == (Reason.HIDDEN, hidden.rstrip("/"))


def test_a_group_that_the_unit_adds_counts(video: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the groups that a user has of its own."""
    video.chmod(0o640)
    group = video.stat().st_gid
    monkeypatch.setattr("grp.getgrnam", lambda _: SimpleNamespace(gr_gid=group))
    assert look(video, groups=("restream-ingest",)) == []
    monkeypatch.setattr(PosixUser, "named", classmethod(lambda *_: PosixUser(4, frozenset({group}))))
    assert look(video, is_dynamic=False) == []


def test_a_program_without_a_directory_is_looked_for_where_systemd_does() -> None:
    """systemd.exec(5): not on the PATH of the shell."""
    assert [each.reason for each in look("no-such-program", executes=True)] == [Reason.MISSING]
    assert look("sh", executes=True) == []


def test_a_file_that_cannot_be_reached_at_all_says_why(tmp_path: Path) -> None:
    """A link that leads to itself."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (found,) = look(tmp_path / "loop")
    assert (found.reason, found.place.startswith(f"{tmp_path}/loop: ")) == (Reason.OTHER, True)


def judged(reason: Reason, place: str, *units: str, **changes: object) -> list[Finding]:
    path = str(changes.pop("path", "/srv/v/a.mp4"))
    need = FileNeed("", path, user="restream-prepare")
    blocked = [Blocked(replace(need, unit=unit, **changes), reason, place) for unit in units]  # type: ignore[arg-type]
    return list(judge_files(blocked, 9, ours={"/etc/restream-agent/agent.json"}))


@pytest.mark.parametrize(
    ("reason", "changes", "words", "hint"),
    [
        (Reason.DIRECTORY, {},
         f"{PREPARE}, as restream-prepare, may not enter /srv, on the way to /srv/v/a.mp4", "chmod o+x /srv"),
        (Reason.FILE, {}, f"{PREPARE}, as restream-prepare, may not read /srv", "chmod o+r /srv"),
        (Reason.FILE, {"executes": True, "is_dynamic": True},
         f"{PREPARE}, as a dynamic user, may not run /srv", "chmod o+rx /srv"),
        (Reason.FILE, {"path": "/etc/restream-agent/agent.json"},
         f"{PREPARE}, as restream-prepare, may not read /srv", "restream-agent apply"),
        (Reason.MISSING, {}, f"/srv/v/a.mp4 does not exist, and {PREPARE} needs it", ""),
        (Reason.MISSING, {"path": "/etc/restream-agent/agent.json"},
         f"/etc/restream-agent/agent.json does not exist, and {PREPARE} needs it", "restream-agent apply"),
        (Reason.MISSING, {"path": "/etc/restream-agent/credentials/club"},
         f"/etc/restream-agent/credentials/club does not exist, and {PREPARE} needs it",
         "restream-agent secret set club"),
        (Reason.MISSING, {"path": "restream-agent"}, f"restream-agent does not exist, and {PREPARE} needs it",
         "ln -s DIRECTORY/bin/restream-agent /usr/local/bin/"),
        (Reason.HIDDEN, {}, f"the sandbox of {PREPARE} hides /srv, and so /srv/v/a.mp4",
         "move it, for example to /srv or /usr/local"),
        (Reason.OTHER, {}, f"{PREPARE} cannot read /srv", ""),
    ],
)  # fmt: skip
def test_each_obstacle_is_a_fault_with_its_remedy(
    reason: Reason, changes: dict[str, object], words: str, hint: str
) -> None:
    """Which names unit, user and place."""
    (found,) = judged(reason, "/srv", PREPARE, **changes)
    assert (found.grade, found.words, found.hint) == ("fault", words, hint)


def test_one_place_is_told_once() -> None:
    """However many units stop there."""
    (two,) = judged(Reason.DIRECTORY, "/srv", PREPARE, RELAY)
    (three,) = judged(Reason.DIRECTORY, "/srv", PREPARE, RELAY, "live@main.service")
    assert two.words.endswith(" (and 1 more unit)")
    assert three.words.endswith(" (and 2 more units)")


def test_without_an_obstacle_the_files_are_counted() -> None:
    """In one line."""
    assert judged(Reason.FILE, "") == [ok("files", "9 files, each within reach of the units that need it")]
