"""A decoder that begins at a cut has nothing to complain about: units of x264, the decoder of ffmpeg."""

import subprocess

import pytest

from restream_agent.stream.access_unit import with_parameters
from restream_agent.stream.flv import HEADER, VIDEO, Reader, Tag, encode
from restream_agent.stream.recovery import RARE, RecoveryPoints

pytestmark = pytest.mark.media

DELIMITER = 9


def encoded(seconds: int, x264: str) -> tuple[Tag, list[Tag]]:
    """Return the sequence header and the pictures of a clip that x264 has made with these parameters."""
    clip = subprocess.run(
        (
            "ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={seconds}",
            "-c:v", "libx264", "-bf", "0", "-x264-params", x264, "-pix_fmt", "yuv420p", "-f", "flv", "pipe:1",
        ),
        check=True, capture_output=True, timeout=60,
    ).stdout  # fmt: skip
    tags = Reader().feed(clip)
    pictures = [tag for tag in tags if tag.is_media]
    return next(tag for tag in tags if tag.is_sequence_header), pictures


def decoded(tags: list[Tag]) -> tuple[list[str], str]:
    """Return the hash of each picture that ffmpeg decodes, and what it says."""
    done = subprocess.run(
        ("ffmpeg", "-nostdin", "-v", "warning", "-f", "flv", "-i", "pipe:0", "-f", "framemd5", "pipe:1"),
        input=HEADER + b"".join(map(encode, tags)), check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    lines = [line for line in done.stdout.decode().splitlines() if not line.startswith("#")]
    return [line.rpartition(",")[2].strip() for line in lines], done.stderr.decode()


def test_a_cut_s_keyframe_with_a_delimiter_decodes() -> None:
    """The delimiter is the first unit, although ffmpeg puts x264's SEI before it."""
    header, pictures = encoded(2, "aud=1:keyint=25")
    cut = [with_parameters(tag, header) if tag.is_keyframe else tag for tag in pictures]
    assert {tag.body[9] & 0x1F for tag in cut} == {DELIMITER}
    assert decoded([header, *cut]) == (decoded([header, *pictures])[0], "")


def test_a_recovery_point_s_pictures_decode() -> None:
    """From it on, the decoder shows the source's pictures as soon as the encoder has renewed all of them."""
    header, pictures = encoded(10, "intra-refresh=1:keyint=50")
    endless = [
        tag if tag.timestamp == 0 else Tag(VIDEO, tag.timestamp, b"\x27" + tag.body[1:]) for tag in pictures
    ]
    points = RecoveryPoints()
    marked = [points.marked(tag) for tag in endless]
    begin, cut, *_ = (number for number, tag in enumerate(marked) if tag.is_keyframe)
    assert (begin, marked[cut].timestamp) == (0, RARE + 2000)
    shown, words = decoded([header, with_parameters(marked[cut], header), *marked[cut + 1 :]])
    whole, _ = decoded([header, *pictures])
    assert words == ""
    assert len(shown) >= len(marked) - cut - 25  # one keyint at most until all is renewed
    assert shown == whole[-len(shown) :]
