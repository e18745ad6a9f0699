"""Source files for the tests of the fallback, made with ffmpeg."""

import os
import shutil
import subprocess
import tempfile
from fractions import Fraction
from pathlib import Path

from restream_agent.fallback.profile import Profile

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
