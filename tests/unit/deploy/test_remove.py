"""remove below a --root: all that applies have written goes; TOML, keys and videos only on demand."""

import os
from pathlib import Path

import pytest

from restream_agent.base import files, paths
from restream_agent.base.file_tree import File
from restream_agent.base.target import TargetMachine
from restream_agent.deploy import remove, traces
from tests.unit.deploy.test_apply import TWITCH, YOUTUBE, applied
from tests.unit.deploy.test_unfinished import KILLED, STRIDE, die_at

CHANNEL = '[channels.es]\nkey = { credential = "ingest-es" }\n'
VIDEO = f"{paths.FALLBACK_DIRECTORY}/slate.flv"


def put(root: Path, *others: str) -> None:
    """Write a TOML with its keys, a prepared video, and what a user has put beside it."""
    files.write(root, paths.CONFIG, File("version = 1\n"))
    for name in ("ingest", "ingest-es", "twitch", "youtube"):
        files.write(root, f"{paths.CREDENTIALS}/{name}", File(f"{name}-key\n", mode=0o600))
    for path in (VIDEO, *others):
        files.write(root, path, File("a video\n"))


def there(root: Path) -> set[str]:
    """Return every path below a root that is no directory."""
    return {f"/{path.relative_to(root)}" for path in root.rglob("*") if path.is_symlink() or path.is_file()}


def taken(root: Path, *, purge: bool = False) -> set[str]:
    """Remove, and return what is left."""
    remove.remove(TargetMachine(root), purge=purge)
    return there(root)


def test_everything_goes_but_toml_keys_and_videos(tmp_path: Path) -> None:
    """Files of an earlier configuration and of a channel too; a user's own drop-in stays."""
    own = "/etc/systemd/system/ffmpeg-relay@twitch.service.d/override.conf"
    put(tmp_path, own)
    before = there(tmp_path)
    applied(tmp_path, TWITCH, YOUTUBE, CHANNEL)
    applied(tmp_path, TWITCH)
    assert len(there(tmp_path)) > len(before) + 20
    assert before == taken(tmp_path)
    assert traces.find(TargetMachine(tmp_path), None, purge=False).is_empty


def test_purge_takes_toml_keys_and_videos(tmp_path: Path) -> None:
    """And the directories that they were in; a key in the TOML is a file that goes, too."""
    put(tmp_path)
    applied(tmp_path, TWITCH, CHANNEL)
    assert taken(tmp_path, purge=True) == set()
    assert not (tmp_path / "etc/restream-agent").exists()
    assert not (tmp_path / "var/lib/restream-agent").exists()


def test_without_a_manifest_our_files_are_known_by_their_first_line(tmp_path: Path) -> None:
    """Links to our units go with them; what others have installed stays."""
    put(tmp_path, "/etc/systemd/system/fallback-of-others.service")
    before = there(tmp_path)
    applied(tmp_path, TWITCH)
    (tmp_path / paths.MANIFEST.lstrip("/")).write_text("{ damaged")
    assert before == taken(tmp_path)


@pytest.mark.parametrize("step", range(1, 120, STRIDE))
def test_a_removal_that_is_killed_is_finished_by_the_next(tmp_path: Path, step: int) -> None:
    """At any of its steps, as by a power cut."""
    put(tmp_path)
    before = there(tmp_path)
    applied(tmp_path, TWITCH, CHANNEL)
    child = os.fork()
    if child == 0:
        die_at(step, tmp_path)
        remove.remove(TargetMachine(tmp_path), purge=False)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) in (0, KILLED)
    assert before == taken(tmp_path)


@pytest.mark.parametrize(
    ("unit", "is_ours"),
    [
        ("ffmpeg-relay@es.twitch.service", True),
        ("fallback.service", True),
        ("live@main.service", True),
        ("restream-apply.path", True),
        ("restream-es.slice", True),
        ("fallback-of-others.service", False),
        ("restream-gitops.timer", False),
    ],
)
def test_only_units_with_a_file_of_ours_are_stopped(unit: str, is_ours: bool) -> None:
    """Names alone do not say whose a unit is."""
    names = ("ffmpeg-relay@.service", "fallback.service", "live@.service", "restream-apply.service")
    assert is_ours == traces.is_ours(unit, frozenset(f"{paths.UNITS}/{name}" for name in names))
