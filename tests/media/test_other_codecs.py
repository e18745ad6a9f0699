"""Other codecs than H.264 and AAC, through the program and a relay's ffmpeg, over a drop and a return.

Without an ingest server: the program gets the stream on its socket. HEVC and AV1 need ffmpeg 6.1 or newer
(Debian 13); with an older one, `check` and `status` say that they cannot be carried.
"""

import shutil
import subprocess
import time
from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest

from restream_agent.deploy import ffmpeg_codecs
from restream_agent.fallback.ffprobe import probe
from restream_agent.fallback.profile import Profile
from restream_agent.fallback.store import prepare
from restream_agent.stream.flv import Reader, Tag
from tests.lab.skips import OLD_FFMPEG
from tests.media.fallback_sources import make
from tests.media.relay_argv import relay_argv
from tests.unit.program.program_running import LiveSender, RunningProgram

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")

_NEVER = 600_000
_ENCODERS = {
    "h264": ("libx264", "-preset", "ultrafast", "-bf", "0"),
    "hevc": ("libx265", "-preset", "ultrafast", "-x265-params", "bframes=0:log-level=error"),
    "av1": ("libsvtav1", "-preset", "12"),
    "aac": ("aac",),
    "mp3": ("libmp3lame",),
}


def live(video: str, audio: str, directory: Path) -> list[Tag]:
    """Return five seconds of picture and sound."""
    picture = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=5")
    sound = ("-f", "lavfi", "-i", "sine=440:duration=5:sample_rate=44100")
    coded = ("-c:v", *_ENCODERS[video], "-g", "30", "-pix_fmt", "yuv420p", "-c:a", *_ENCODERS[audio])
    file = make(directory / "live.flv", *picture, *sound, *coded)
    return [tag for tag in Reader().feed(file.read_bytes()) if tag.is_sequence_header or tag.is_media]


@pytest.mark.parametrize(
    ("video", "audio"), [("h264", "aac"), ("h264", "mp3"), ("hevc", "aac"), ("av1", "aac")]
)
def test_a_drop_and_a_return_change_no_codec_under_a_relay(
    video: Literal["h264", "hevc", "av1"], audio: Literal["aac", "mp3"], tmp_path: Path
) -> None:
    """One connection has one codec of each kind, and a decoder has nothing to say."""
    refused = ffmpeg_codecs.obstacles("ffmpeg")
    if video in refused:
        assert video != "h264"
        pytest.skip(f"{refused[video]} does not carry {video}: {OLD_FFMPEG}")
    profile = Profile(320, 180, Fraction(30), sample_rate=44100, video_codec=video, audio_codec=audio)
    fallback = prepare((), message="", profile=profile, keyframe=1.0, directory=tmp_path / "store")
    argv = relay_argv()
    options, out = argv[argv.index("-fpsprobesize") : argv.index("-rtmp_app")], tmp_path / "out.flv"
    tags = live(video, audio, tmp_path)
    with RunningProgram(tmp_path, Reader().feed(fallback.read_bytes()), opening=_NEVER) as program:
        relay = program.connect("relay")
        command = ("ffmpeg", "-nostdin", "-v", "warning", *options, "-f", "flv", str(out))
        with subprocess.Popen(command, stdin=relay.fileno(), stderr=subprocess.PIPE, text=True) as ffmpeg:
            relay.close()
            for number in (1, 2):
                with LiveSender(program, tags):
                    lines = "now live"
                    program.wait(lambda: program.errors.read_text().count(lines) == number, lines)  # noqa: B023
                    time.sleep(2.5)
                time.sleep(1.5)
            program.kill()
            for kept in program.stored.values():  # as systemd does when the broadcast ends
                kept.close()
            _, messages = ffmpeg.communicate(timeout=20)
    marks_apart = [line for line in messages.splitlines() if line.strip("-.0123456789")]
    assert marks_apart == []
    codecs = {each["codec_type"]: each["codec_name"] for each in probe(out)["streams"]}
    assert codecs == {"video": video, "audio": audio}
    decode = ("ffmpeg", "-nostdin", "-v", "warning", "-i", str(out), "-f", "rawvideo", "-y", "/dev/null")
    assert subprocess.run(decode, capture_output=True, text=True, check=True, timeout=60).stderr == ""
    pictures = [tag for tag in Reader().feed(out.read_bytes()) if tag.is_keyframe]
    assert len(pictures) >= 6
