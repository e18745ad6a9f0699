"""Preparations that fail: refused sources, a full disk, interruptions. Real ffmpeg."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.fallback.profile import Profile
from restream_agent.fallback.store import prepare
from tests.lab.deadline import PATIENCE
from tests.media.fallback_sources import CLIP_SOUND, CLIP_VIDEO, H264, KEYFRAME, SMALL, make

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of video with sound."""
    path = tmp_path_factory.mktemp("sources") / "clip.mp4"
    return make(path, *CLIP_VIDEO, *CLIP_SOUND, *H264, "-c:a", "aac")


def refusal(source: Path, directory: Path) -> str:
    """Return the error message for a source; assert that no file was left behind."""
    with pytest.raises(RestreamError) as caught:
        prepare((source,), message="", profile=SMALL, keyframe=KEYFRAME, directory=directory)
    assert caught.value.hint
    assert not directory.exists() or not list(directory.iterdir())
    return caught.value.message


def test_refusals_name_the_file_and_the_reason(tmp_path: Path) -> None:
    """The error for a missing, empty or unsuitable source names the file and the reason."""
    out = tmp_path / "out"
    empty, noise, pipe = tmp_path / "empty.mp4", tmp_path / "noise.mp4", tmp_path / "pipe"
    empty.touch()
    noise.write_bytes(bytes(range(7, 251)) * 400)
    os.mkfifo(pipe)
    song = make(tmp_path / "song.m4a", *CLIP_SOUND, "-c:a", "aac")
    assert refusal(tmp_path / "gone.mp4", out) == f"{tmp_path}/gone.mp4: does not exist"
    assert refusal(empty, out) == f"{empty}: is empty"
    assert refusal(tmp_path, out) == f"{tmp_path}: is a directory"
    assert refusal(pipe, out) == f"{pipe}: is not a file"
    assert refusal(noise, out).startswith(f"{noise}: not a video that ffmpeg can read: ")
    assert refusal(song, out) == f"{song}: has sound but no picture"


def test_truncated_video_is_refused(tmp_path: Path) -> None:
    """A download that broke off is shorter than its header says."""
    whole = make(tmp_path / "v.mp4", *CLIP_VIDEO, *H264, "-movflags", "+faststart")
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) // 2])
    assert "is damaged: it states a length of 5 s, but it ends" in refusal(whole, tmp_path / "out")


def test_playlist_cannot_reach_the_network(tmp_path: Path) -> None:
    """A playlist is refused, not followed."""
    playlist = tmp_path / "list.m3u8"
    playlist.write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n"
    )
    assert refusal(playlist, tmp_path / "out").startswith(f"{playlist}: ")


def test_unwritable_directory_is_explained(clip: Path, tmp_path: Path) -> None:
    """A directory that cannot be made is named."""
    (tmp_path / "file").touch()
    with pytest.raises(RestreamError, match=r"file/out: cannot be written: Not a directory"):
        prepare((clip,), message="", profile=SMALL, keyframe=KEYFRAME, directory=tmp_path / "file" / "out")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a tmpfs")
def test_full_disk_is_explained(clip: Path, tmp_path: Path) -> None:
    """A file system of 64 KiB cannot hold the result: the error says so, and nothing is left."""
    subprocess.run(("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)), check=True, timeout=10)
    try:
        with pytest.raises(RestreamError, match=f"{tmp_path}: no space left"):
            prepare((clip,), message="", profile=SMALL, keyframe=KEYFRAME, directory=tmp_path)
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(("umount", str(tmp_path)), check=True, timeout=10)


SCRIPT = f"""
import sys; from fractions import Fraction; from pathlib import Path
from {prepare.__module__} import prepare; from {Profile.__module__} import Profile
prepare((Path(sys.argv[1]),), message="", profile=Profile(1280, 720, Fraction(30)), keyframe=2.0,
        directory=Path(sys.argv[2]), progress=lambda fraction, left: print(fraction, flush=True))
"""


def interrupt(source: Path, directory: Path, number: int) -> None:
    """Start a long preparation in a process of its own, and send it a signal while it runs."""
    # A shell starts background jobs with SIGINT ignored; this test may be such a job.
    argv = ("env", "--default-signal=INT", sys.executable, "-c", SCRIPT, str(source), str(directory))
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        assert child.stdout.readline()
        child.send_signal(number)
        assert child.wait(timeout=20 * PATIENCE) != 0


def users_of(directory: Path) -> list[str]:
    """Return the command lines of processes that work in the directory."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink().is_relative_to(directory):
                found.append((process / "cmdline").read_text())
        except OSError:
            continue
    return found


def test_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    """Ctrl-C ends ffmpeg too and removes the unfinished file."""
    source = make(tmp_path / "long.mkv", *CLIP_VIDEO[:3], "testsrc=size=160x120:rate=30:duration=300", *H264)
    interrupt(source, tmp_path / "out", signal.SIGINT)
    assert list((tmp_path / "out").iterdir()) == []
    assert users_of(tmp_path / "out") == []


def test_next_call_clears_up_after_a_kill(clip: Path, tmp_path: Path) -> None:
    """The next preparation removes the files of a preparation that was killed."""
    out = tmp_path / "out"
    (out / ".prepare-left").mkdir(parents=True)
    (out / ".prepare-left" / "pictures0.flv").touch()
    path = prepare((clip,), message="", profile=SMALL, keyframe=KEYFRAME, directory=out)
    assert list(out.iterdir()) == [path]
