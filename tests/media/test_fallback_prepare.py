"""Preparing the fallback with the real ffmpeg: every kind of source, the loop, refusals, interruptions."""

import array
import itertools
import json
import os
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from restream_agent.fallback import slate
from restream_agent.fallback.ffprobe import probe
from restream_agent.fallback.profile import Profile
from restream_agent.fallback.store import SPARE, prepare, prune
from tests.media.fallback_sources import CLIP_SOUND, CLIP_VIDEO, H264, KEYFRAME, SMALL, make, profile_of

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, ...]]:
    """Every kind of source; the file names have characters that are special in filters and shells."""
    at = tmp_path_factory.mktemp("sources, it's 50%d [here];")
    clip = make(at / "clip %03d.mp4", *CLIP_VIDEO, *CLIP_SOUND, *H264, "-c:a", "aac")
    silent = make(
        at / "-silent.mkv", *CLIP_VIDEO[:3], "testsrc=size=90x160:rate=30000/1001:duration=1.3", *H264
    )
    picture = make(at / "picture%d.png", "-f", "lavfi", "-i", "testsrc=size=501x333", "-frames:v", "1")
    late = make(at / "late.mkv", *CLIP_VIDEO, "-itsoffset", "1", *CLIP_SOUND, *H264, "-c:a", "pcm_s16le")
    long_sound = make(
        at / "long.mkv", *CLIP_VIDEO, "-f", "lavfi", "-i", "sine=duration=9", *H264, "-c:a", "flac"
    )
    return {
        "slate": (),
        "clip": (clip,),
        "silent": (silent,),
        "picture": (picture,),
        "list": (clip, picture, silent),
        "late sound": (late,),
        "long sound": (long_sound,),
        "animation": (make(at / "a.gif", *CLIP_VIDEO[:3], "testsrc=size=64x64:rate=10:duration=2"),),
    }


SECONDS = {
    "slate": 10, "clip": 5, "silent": 1.3, "picture": 10, "list": 16.3, "late sound": 5, "long sound": 5,
    "animation": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One directory for the whole module, so that each source is prepared once."""
    return tmp_path_factory.mktemp("prepared")


def prepared(kind: str, sources: dict[str, tuple[Path, ...]], store: Path) -> Path:
    """Prepare one kind of source for SMALL."""
    return prepare(sources[kind], message="Back soon", profile=SMALL, keyframe=KEYFRAME, directory=store)


def packets(path: Path, stream: str) -> list[dict[str, Any]]:
    """Return ffprobe's packets of one stream ("v" or "a")."""
    done = subprocess.run(
        ("ffprobe", "-v", "error", "-of", "json", "-show_packets", "-select_streams", stream, str(path)),
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return list(json.loads(done.stdout)["packets"])


def milliseconds(path: Path, stream: str) -> list[int]:
    """Return the timestamps of one stream."""
    return [round(float(packet["dts_time"]) * 1000) for packet in packets(path, stream)]


def length(path: Path) -> int:
    """Return the length of one loop of the file in ms."""
    return round(float(probe(path)["format"]["duration"]) * 1000)


@pytest.mark.parametrize("kind", SECONDS)
def test_every_source_fits_the_profile(kind: str, sources: dict[str, tuple[Path, ...]], store: Path) -> None:
    """The prepared file has the size, rate and sound of the live stream, whatever the source has."""
    assert profile_of(probe(prepared(kind, sources, store))) == SMALL


@pytest.mark.parametrize("kind", SECONDS)
def test_every_source_keeps_its_length(kind: str, sources: dict[str, tuple[Path, ...]], store: Path) -> None:
    """The loop is as long as its sources, give or take a quarter of a second."""
    assert length(prepared(kind, sources, store)) / 1000 == pytest.approx(SECONDS[kind], abs=0.3)


@pytest.mark.parametrize("kind", SECONDS)
def test_every_source_decodes_without_a_complaint(
    kind: str, sources: dict[str, tuple[Path, ...]], store: Path
) -> None:
    """A decoder has no message about the file."""
    path = prepared(kind, sources, store)
    argv = ("ffmpeg", "-nostdin", "-v", "warning", "-xerror", "-i", str(path), "-f", "null", "-")
    done = subprocess.run(argv, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("kind", SECONDS)
def test_pictures_and_sound_are_equally_long(
    kind: str, sources: dict[str, tuple[Path, ...]], store: Path
) -> None:
    """Both begin at 0 and end within one AAC frame of each other."""
    path = prepared(kind, sources, store)
    pictures, sounds = packets(path, "v"), packets(path, "a")
    assert (float(pictures[0]["dts_time"]), float(sounds[0]["dts_time"])) == (0, 0)
    assert abs(len(pictures) / 30 - len(sounds) * 1024 / 48000) <= 1024 / 48000


def test_200_loops_stay_monotonic_and_in_step(sources: dict[str, tuple[Path, ...]], store: Path) -> None:
    """After 200 loops of a 5 s clip, sound counted in samples is within 50 ms of the pictures' clock."""
    path = prepared("clip", sources, store)
    added = length(path)
    for stream in ("v", "a"):
        once = milliseconds(path, stream)
        stamps = [stamp + number * added for number in range(200) for stamp in once]
        assert all(earlier < later for earlier, later in itertools.pairwise(stamps))
    assert abs(200 * len(milliseconds(path, "a")) * 1024 / 48 - 200 * added) <= 50


def test_ffmpeg_loops_it_without_a_complaint(sources: dict[str, tuple[Path, ...]], store: Path) -> None:
    """Another program's loop over the file is monotonic too."""
    path = prepared("clip", sources, store)
    argv = ("ffmpeg", "-nostdin", "-v", "warning", "-stream_loop", "199", "-i", str(path))
    done = subprocess.run(
        (*argv, "-c", "copy", "-f", "null", "-"), capture_output=True, timeout=60, check=True
    )
    assert done.stderr == b""


def test_keyframes_come_as_often_as_asked(sources: dict[str, tuple[Path, ...]], store: Path) -> None:
    """The first frame and each frame a keyframe interval later are keyframes; no other frame is one."""
    found = packets(prepared("clip", sources, store), "v")
    keys = [number for number, packet in enumerate(found) if packet["flags"].startswith("K")]
    assert keys == list(range(0, len(found), 30))


def test_no_frame_waits_for_a_later_one(sources: dict[str, tuple[Path, ...]], store: Path) -> None:
    """There are no B-frames: pictures are shown in the order they are sent."""
    found = packets(prepared("clip", sources, store), "v")
    assert [packet["pts"] for packet in found] == [packet["dts"] for packet in found]


def samples(path: Path, tmp_path: Path, *, loops: int = 1) -> "array.array[float]":
    """Decode the sound, of several loops joined, as mono samples."""
    # The loops are joined first: ffmpeg resets its decoder at each -stream_loop, a platform does not.
    joined = make(tmp_path / "joined.flv", "-stream_loop", str(loops - 1), "-i", str(path), "-c", "copy")
    raw = make(tmp_path / "sound.raw", "-i", str(joined), "-ac", "1", "-f", "f32le")
    return array.array("f", raw.read_bytes())


def test_steady_tone_loops_without_a_click(tmp_path: Path) -> None:
    """At the seam of two loops neighbouring samples are as close as anywhere in the tone."""
    # 375 Hz has 128 samples a period, which divides the loop's length: the tone itself has no seam.
    tone = ("-f", "lavfi", "-i", "aevalsrc=0.5*sin(2*PI*375*t):s=48000:d=6")
    source = make(tmp_path / "tone.mkv", *CLIP_VIDEO, *tone, *H264, "-c:a", "pcm_s16le", "-t", "5")
    path = prepare((source,), message="", profile=SMALL, keyframe=KEYFRAME, directory=tmp_path)
    twice = samples(path, tmp_path, loops=2)
    seam = len(packets(path, "a")) * 1024
    steps = [abs(twice[at + 1] - twice[at]) for at in range(seam - 4096, seam + 4096)]
    assert max(steps) < 0.5 * 2 * 3.1416 * 375 / 48000 * 1.05


def test_late_sound_stays_late(sources: dict[str, tuple[Path, ...]], store: Path, tmp_path: Path) -> None:
    """Sound that begins a second after the pictures does so in the prepared file, to 10 ms."""
    heard = samples(prepared("late sound", sources, store), tmp_path)
    first = next(number for number, sample in enumerate(heard) if abs(sample) > 0.02)
    assert first / 48000 == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("message", ["Back soon", "", "%{pts}:'\\,;[x]=\n日本語 🎥"])
def test_slate_is_never_black(message: str, tmp_path: Path) -> None:
    """With any message, or none, the picture has light and dark parts."""
    path = prepare((), message=message, profile=SMALL, keyframe=KEYFRAME, directory=tmp_path)
    frame = make(
        tmp_path / "frame.raw", "-i", str(path), "-frames:v", "1", "-pix_fmt", "gray", "-f", "rawvideo"
    )
    light = frame.read_bytes()
    assert sum(light) / len(light) > 20
    assert max(light) > 120


def test_slate_without_any_font_is_a_pause_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server without fonts the picture is drawn all the same."""
    monkeypatch.setattr(slate, "find_font", lambda _message: None)
    path = prepare((), message="Back soon", profile=SMALL, keyframe=KEYFRAME, directory=tmp_path)
    assert profile_of(probe(path)) == SMALL


@pytest.mark.parametrize(
    "profile",
    [
        Profile(180, 320, Fraction(60000, 1001), "yuv420p", "baseline", 44100, 1),
        Profile(320, 240, Fraction(25), "yuvj420p", "main", 48000, 6),
    ],
)
def test_other_profiles_are_met_too(
    profile: Profile, sources: dict[str, tuple[Path, ...]], tmp_path: Path
) -> None:
    """Portrait, NTSC rates, full range, mono, 5.1, baseline: the fallback matches the live stream."""
    path = prepare(sources["clip"], message="", profile=profile, keyframe=KEYFRAME, directory=tmp_path)
    assert profile_of(probe(path)) == profile


def test_file_is_readable_by_all_and_named_after_its_profile(
    sources: dict[str, tuple[Path, ...]], store: Path
) -> None:
    """The program can read it as another user, and its name tells a person what it is."""
    path = prepared("clip", sources, store)
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.name.endswith("-320x180p30-high-48000x2.flv")


def test_nothing_is_converted_twice(sources: dict[str, tuple[Path, ...]], store: Path) -> None:
    """A second call returns the same file; a conversion would put another in its place."""
    first = prepared("clip", sources, store)
    before = first.stat().st_ino
    again = prepared("clip", sources, store)
    assert (again, again.stat().st_ino) == (first, before)


def test_changed_source_gets_another_name(sources: dict[str, tuple[Path, ...]], tmp_path: Path) -> None:
    """The same path with other content gives another file."""
    source = tmp_path / "video"
    names = set()
    for kind in ("clip", "silent"):
        shutil.copy(sources[kind][0], source)
        names.add(
            prepare((source,), message="", profile=SMALL, keyframe=KEYFRAME, directory=tmp_path / "out").name
        )
    assert len(names) == 2


def test_progress_ends_at_one(sources: dict[str, tuple[Path, ...]], tmp_path: Path) -> None:
    """Progress never decreases, and ends at 1 with no time left."""
    seen: list[tuple[float, float | None]] = []
    prepare(
        sources["list"], message="", profile=SMALL, keyframe=KEYFRAME, directory=tmp_path,
        progress=lambda fraction, left: seen.append((fraction, left)),
    )  # fmt: skip
    assert [fraction for fraction, _ in seen] == sorted(fraction for fraction, _ in seen)
    assert seen[-1] == (1.0, 0.0)


def test_prune_deletes_only_what_is_old_and_not_kept(
    sources: dict[str, tuple[Path, ...]], store: Path, tmp_path: Path
) -> None:
    """The oldest prepared files go; the kept file, a few newer files and a user's own file stay."""
    kept, own = tmp_path / prepared("clip", sources, store).name, tmp_path / "own.flv"
    others = [tmp_path / f"{number:016}-x.flv" for number in range(SPARE + 2)]
    for age, path in enumerate((kept, own, *others)):
        path.touch()
        os.utime(path, (age, age))
    assert sorted(prune(tmp_path, {kept})) == others[:2]
    assert sorted(tmp_path.iterdir()) == sorted((kept, own, *others[2:]))
