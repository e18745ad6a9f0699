"""An apply that is killed at any of its steps, as by a power cut: the next apply completes it."""

import os
import shutil
import sys
from dataclasses import fields
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import channel_paths
from restream_agent.base.file_tree import File, Tree
from restream_agent.deploy import unfinished
from restream_agent.deploy.plan import Actions
from restream_agent.deploy.unfinished import Intent, joined
from tests.unit.deploy.test_apply import TWITCH, YOUTUBE, applied, planned, snapshot

KILLED = 9
STRIDE = int(os.environ.get("KILL_STRIDE", "7"))
"""With 1, apply is killed at each of its steps, which takes a minute."""

STEPS = ("open", "os.rename", "os.symlink", "os.remove", "os.mkdir", "os.rmdir")
EDITED = TWITCH.replace('preset = "twitch"', 'url = "rtmp://192.0.2.1/app"')


def die_at(step: int, root: Path) -> None:
    """Have this process die at a step below a root, by Python's audit events."""
    count = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        if event in STEPS and str(arguments[0]).startswith(str(root)):
            count += 1
            if count == step:
                os._exit(KILLED)

    sys.addaudithook(hook)


def is_killed_at(step: int, root: Path, *tables: str) -> bool:
    """Apply in a process that dies at a step; return whether it got that far."""
    child = os.fork()
    if child == 0:
        die_at(step, root)
        applied(root, *tables)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def requests(actions: Actions) -> set[tuple[str, object]]:
    """Return what is asked of systemd. A relay that waits for its next start is no request."""
    names = [field.name for field in fields(actions) if field.name not in ("daemon_reload", "next_start")]
    return {(name, unit) for name in names for unit in getattr(actions, name)}


def prepared(root: Path, name: str) -> Path:
    """Make a root where twitch is applied, with the keys of all."""
    place = root / name
    for key in ("ingest", "twitch", "youtube"):
        files.write(place, f"{paths.CREDENTIALS}/{key}", File(f"{key}-key\n", mode=0o600))
    applied(place, TWITCH)
    return place


def test_the_next_apply_does_what_a_killed_apply_was_to_do(tmp_path: Path) -> None:
    """Wherever it was killed: nothing is half-written, and every unit is started that was to be started."""
    before, whole = prepared(tmp_path, "before"), prepared(tmp_path, "whole")
    wanted = requests(planned(whole, EDITED, YOUTUBE).actions)
    assert {name for name, _ in wanted} >= {"restart", "start_on_air"}
    applied(whole, EDITED, YOUTUBE)
    step, was_killed = 0, True
    while was_killed:
        step += STRIDE
        root = tmp_path / f"killed-{step}"
        shutil.copytree(before, root, symlinks=True)
        was_killed = is_killed_at(step, root, EDITED, YOUTUBE)
        if was_killed:
            assert wanted <= requests(planned(root, EDITED, YOUTUBE).actions) or _is_done(root), step
        applied(root, EDITED, YOUTUBE)
        assert planned(root, EDITED, YOUTUBE).is_empty
        assert _files(root) == _files(whole)
    assert step > 20


def _is_done(root: Path) -> bool:
    """Whether the manifest was written already: then systemd had been asked for everything."""
    return planned(root, EDITED, YOUTUBE).is_empty


def _files(root: Path) -> set[str]:
    return {path.removeprefix(str(root)) for path in snapshot(root)}


def test_an_addition_that_was_interrupted_and_taken_back_leaves_nothing(tmp_path: Path) -> None:
    """The files of a platform that no manifest knows are removed, half-written ones and directories too."""
    before = prepared(tmp_path, "before")
    step, was_killed = 0, True
    while was_killed:
        step += STRIDE
        root = tmp_path / f"killed-{step}"
        shutil.copytree(before, root, symlinks=True)
        was_killed = is_killed_at(step, root, TWITCH, YOUTUBE)
        applied(root, TWITCH)
        assert _files(root) == _files(before), step


def test_a_damaged_record_is_an_empty_intent(tmp_path: Path) -> None:
    """A record that was written by another version, or by hand, does not keep apply from working."""
    for text in ("", "[]", "{}", '{"owned": 1, "units": [], "daemon_reload": 1}'):
        files.write(tmp_path, paths.UNFINISHED, File(text))
        assert unfinished.read(tmp_path) == Intent()


def test_what_no_longer_exists_is_not_started() -> None:
    """Its addition was interrupted and taken back. A unit that was to be stopped may be back, too."""
    earlier = Actions(
        stop=("ffmpeg-relay@a.service", "ffmpeg-relay@b.service"), start_on_air=("ffmpeg-relay@c.service",),
        restart=("live@*.service",),
    )  # fmt: skip
    units = ("live@.service", "ffmpeg-relay@a.service.d/1.conf")
    desired: Tree = {f"{paths.UNITS}/{unit}": File("") for unit in units}
    expected = Actions(stop=("ffmpeg-relay@b.service",), restart=("live@*.service",))
    assert joined(Actions(), earlier, desired) == expected


def test_a_channel_s_instance_of_a_template_is_known_while_the_channel_is() -> None:
    """It has no file of its own; the units of a channel that is gone are not asked for."""
    earlier = Actions(
        restart=("fallback@es.service", "fallback@en.service"),
        start=("fallback@es.socket", "restream-report@es.socket"),
        stop=("fallback@en.socket", "fallback@es.service"),
    )
    units = ("fallback@.service", "fallback@.socket", "restream-report@.socket")
    desired: Tree = {f"{paths.UNITS}/{unit}": File("") for unit in units}
    desired[channel_paths("es").agent_settings] = File("")
    assert joined(Actions(), earlier, desired) == Actions(
        stop=("fallback@en.socket",), restart=("fallback@es.service",), start=earlier.start
    )
