"""Source files for the tests of the fallback, made with ffmpeg."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

from restream_agent.fallback.profile import Profile, audio_stream, video_stream

SMALL = Profile(320, 180, Fraction(30))
KEYFRAME = 1.0
CLIP_VIDEO = ("-f", "lavfi", "-i", "testsrc=size=160x120:rate=25:duration=5")
CLIP_SOUND = ("-f", "lavfi", "-i", "sine=440:duration=5:sample_rate=44100")
H264 = ("-c:v", "libx264", "-preset", "ultrafast")


def make(path: Path, *arguments: str) -> Path:
    """Make a file with ffmpeg, first under a plain name: ffmpeg reads % in an output name as a pattern."""
    plain = Path(tempfile.gettempdir()) / f"restream-test-{os.getpid()}{path.suffix}"
    subprocess.run(
        ("ffmpeg", "-nostdin", "-v", "error", "-y", *arguments, str(plain)), check=True, timeout=60
    )
    return Path(shutil.move(plain, path))


def profile_of(answer: Mapping[str, Any]) -> Profile:
    """Return the profile of a prepared file, from ffprobe's JSON answer to -show_streams."""
    video, audio = video_stream(answer["streams"]), audio_stream(answer["streams"])
    assert video is not None
    assert audio is not None
    usual = [Fraction(rate) for rate in ("24", "25", "30000/1001", "30", "60000/1001", "60")]
    rate = Fraction(str(video["avg_frame_rate"]))
    is_h264 = video["codec_name"] == "h264"
    return Profile(
        width=int(video["width"]),
        height=int(video["height"]),
        fps=min(usual, key=lambda each: abs(each - rate)),
        pixel_format=str(video["pix_fmt"]) if is_h264 else "yuv420p",
        h264_profile=str(video["profile"]).split()[-1].lower() if is_h264 else "high",  # type: ignore[arg-type]
        sample_rate=int(audio["sample_rate"]),
        channels=int(audio["channels"]),
        video_codec=video["codec_name"],
        audio_codec=audio["codec_name"],
    )
