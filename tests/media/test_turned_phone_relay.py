"""A relay that encodes, while a phone is turned: its picture keeps the size with which it began."""

import shutil
import subprocess
from pathlib import Path

import pytest

from restream_agent.fallback.ffprobe import probe
from restream_agent.stream.access_unit import with_parameters
from restream_agent.stream.flv import HEADER, VIDEO, Reader, Tag, encode
from tests.media.fallback_sources import make
from tests.media.relay_argv import relay_argv

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")

_SECOND = 1000
_PICTURE = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "0", "-g", "30", "-pix_fmt", "yuv420p")


def stream(size: str, directory: Path) -> list[Tag]:
    """Return a second of picture and sound as the program sends them."""
    picture = ("-f", "lavfi", "-i", f"testsrc2=size={size}:rate=30:duration=1")
    sound = ("-f", "lavfi", "-i", "sine=440:duration=1:sample_rate=48000")
    file = make(directory / f"{size}.flv", *picture, *sound, *_PICTURE, "-c:a", "aac")
    return [tag for tag in Reader().feed(file.read_bytes()) if tag.is_sequence_header or tag.is_media]


def turned(directory: Path) -> bytes:
    """Return a stream of which the second half is portrait, cut as the program cuts."""
    tags, header = stream("640x360", directory), None
    for tag in stream("360x640", directory):
        later = Tag(tag.kind, tag.timestamp + _SECOND + 50, tag.body)
        if tag.kind == VIDEO and tag.is_sequence_header:
            header = later
        elif later.is_keyframe and header is not None:
            later = with_parameters(later, header)
        tags.append(later)
    return HEADER + b"".join(map(encode, tags))


@pytest.mark.parametrize(
    ("video", "size"),
    [
        ('{ bitrate = "500k" }', (640, 360)),
        ('{ bitrate = "500k", height = 240 }', (426, 240)),
        ('{ bitrate = "500k", height = 240, fps = 15 }', (426, 240)),
    ],
)
def test_the_picture_keeps_its_size(video: str, size: tuple[int, int], tmp_path: Path) -> None:
    """A platform takes no other within a connection. No picture is lost at the turn."""
    argv = relay_argv(f"video = {video}")
    heard = argv[argv.index("-fpsprobesize") : argv.index("-rtmp_app")]
    out = tmp_path / "out.flv"
    command = ("ffmpeg", "-nostdin", "-v", "warning", *heard, "-f", "flv", str(out))
    done = subprocess.run(command, input=turned(tmp_path), capture_output=True, check=True, timeout=60)
    (picture,) = (each for each in probe(out)["streams"] if each["codec_type"] == "video")
    assert (picture["width"], picture["height"]) == size
    headers = [tag for tag in Reader().feed(out.read_bytes()) if tag.kind == VIDEO and tag.is_sequence_header]
    assert len({tag.body for tag in headers}) == 1
    frames = sum(tag.kind == VIDEO and tag.is_media for tag in Reader().feed(out.read_bytes()))
    assert frames >= (28 if "fps" in video else 58), done.stderr.decode()
