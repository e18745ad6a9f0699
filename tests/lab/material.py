"""Coded pictures and sounds for scripted publishers, made by ffmpeg when a test asks for them.

A take is one track: its header and its frames without times. Scripts play a take in a loop: it ends where a
group of pictures does.
"""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from tests.lab import flv, scene
from tests.lab.rtmp import AUDIO, VIDEO

ENCODE_SECONDS = 120.0
QUIETLY = ("nice", "-n", "10", "ffmpeg", "-nostdin", "-v", "error")


@dataclass(frozen=True)
class PictureRecipe:
    """A picture to encode. `group` is the keyframe interval in pictures, `delay` that of its composition.

    codec: "h264", "hevc" or "av1". options: more of x264's parameters, as `-x264-params` takes them.
    """

    codec: str = "h264"
    width: int = 640
    height: int = 360
    fps: int = 30
    group: int = 60
    pictures: int = 240
    b_frames: int = 0
    options: str = ""
    mark: str = "live"


@dataclass(frozen=True)
class SoundRecipe:
    """A sound to encode. codec: "aac", "mp3" or "opus"; `frames` of it, before the take begins again."""

    codec: str = "aac"
    rate: int = 48000
    frames: int = 375


@dataclass(frozen=True)
class Take:
    """One track: FLV bodies of the header (None without one) and of the frames, and a frame's length in ms.

    `keys` are the numbers of the frames that are keyframes; every frame of sound is one.
    """

    kind: int
    header: bytes | None
    frames: tuple[bytes, ...]
    length: float
    keys: frozenset[int]


def _run(*arguments: str) -> bytes:
    done = subprocess.run((*QUIETLY, *arguments), check=True, capture_output=True, timeout=ENCODE_SECONDS)
    return done.stdout


@cache
def picture(recipe: PictureRecipe = PictureRecipe()) -> Take:
    """Encode a picture."""
    graph = scene.lavfi(
        width=recipe.width, height=recipe.height, fps=str(recipe.fps), mark=recipe.mark,
        sample_rate=48000, channels=2,
    )  # fmt: skip
    source = ("-f", "lavfi", "-i", graph, "-map", "0:v", "-an", "-frames:v", str(recipe.pictures))
    length = 1000 / recipe.fps
    if recipe.codec == "h264":
        messages = flv.messages_in(_run(*source, *_x264(recipe), "-f", "flv", "pipe:1"))
        header = next(one.payload for one in messages if flv.is_video_header(one))
        coded = [one for one in messages if flv.is_coded(one)]
        keys = frozenset(at for at, one in enumerate(coded) if flv.is_keyframe(one))
        return Take(VIDEO, header, tuple(one.payload for one in coded), length, keys)
    boxes = _run(*source, *_ENHANCED[recipe.codec](recipe), *_PACKET_BOXES, "pipe:1")
    keys = frozenset(range(0, recipe.pictures, recipe.group))
    tag, box = {"hevc": (b"hvc1", b"hvcC"), "av1": (b"av01", b"av1C")}[recipe.codec]
    frames = tuple(
        # CodedFrames with a composition time for HEVC; AV1's packet types have none.
        bytes(((0x91 if at in keys else 0xA1),)) + tag + (bytes(3) if tag == b"hvc1" else b"") + packet
        for at, packet in enumerate(_packets(boxes))
    )
    return Take(VIDEO, b"\x90" + tag + _box(boxes, box), frames, length, keys)


@cache
def sound(recipe: SoundRecipe = SoundRecipe()) -> Take:
    """Encode a sound: noise, so that no two frames are alike."""
    samples = {"aac": 1024, "mp3": 1152, "opus": 960}[recipe.codec]
    source = (
        "-f", "lavfi", "-i", f"anoisesrc=sample_rate={recipe.rate}:amplitude=0.1:seed=1", "-ac", "2",
        "-t", str((recipe.frames + 4) * samples / recipe.rate),
    )  # fmt: skip
    length = 1000 * samples / recipe.rate
    header: bytes | None = None
    if recipe.codec == "opus":
        boxes = _run(*source, "-c:a", "libopus", "-b:a", "96k", *_PACKET_BOXES, "pipe:1")
        # OpusHead of RFC 7845, 5.1: version 1, 2 channels, 312 samples of pre-skip, no gain, family 0.
        head = (
            b"OpusHead\x01\x02" + (312).to_bytes(2, "little") + recipe.rate.to_bytes(4, "little") + bytes(3)
        )
        header, bodies = b"\x90Opus" + head, [b"\x91Opus" + packet for packet in _packets(boxes)]
    else:
        encoder = {"aac": "aac", "mp3": "libmp3lame"}[recipe.codec]
        messages = flv.messages_in(_run(*source, "-c:a", encoder, "-b:a", "128k", "-f", "flv", "pipe:1"))
        sounds = [one for one in messages if one.kind == AUDIO]
        header = next((one.payload for one in sounds if not flv.is_coded(one)), None)
        bodies = [one.payload for one in sounds if flv.is_coded(one)]
    frames = tuple(bodies[: recipe.frames])
    return Take(AUDIO, header, frames, length, frozenset(range(len(frames))))


def can_encode(encoder: str) -> bool:
    """Tell whether this machine's ffmpeg has an encoder."""
    return encoder in _encoders()


@cache
def _encoders() -> frozenset[str]:
    lines = _run("-encoders").decode().splitlines()
    return frozenset(line.split()[1] for line in lines if len(line.split()) > 1)


ENCODERS: Mapping[str, str] = {"hevc": "libx265", "av1": "libsvtav1", "opus": "libopus", "mp3": "libmp3lame"}

# Each packet is in a box of its own, so that the file can be cut into packets.
_PACKET_BOXES = ("-f", "mp4", "-movflags", "frag_every_frame+empty_moov+default_base_moof")


def _x264(recipe: PictureRecipe) -> tuple[str, ...]:
    latency = () if recipe.b_frames else ("-tune", "zerolatency")
    given = f":{recipe.options}" if recipe.options else ""
    parameters = f"keyint={recipe.group}:min-keyint={recipe.group}:scenecut=0:bframes={recipe.b_frames}"
    return (
        "-c:v", "libx264", "-preset", "ultrafast", *latency, "-pix_fmt", "yuv420p", "-b:v", "800k",
        "-x264-params", parameters + given,
    )  # fmt: skip


def _x265(recipe: PictureRecipe) -> tuple[str, ...]:
    parameters = f"keyint={recipe.group}:min-keyint={recipe.group}:scenecut=0:bframes=0:log-level=none"
    return ("-c:v", "libx265", "-preset", "ultrafast", "-b:v", "800k", "-x265-params", parameters)


def _svtav1(recipe: PictureRecipe) -> tuple[str, ...]:
    return (
        "-c:v", "libsvtav1", "-preset", "12", "-b:v", "800k", "-g", str(recipe.group),
        "-svtav1-params", "pred-struct=1:scd=0:rc=2",
    )  # fmt: skip


_ENHANCED = {"hevc": _x265, "av1": _svtav1}


def _packets(boxes: bytes) -> list[bytes]:
    """Return what is in each `mdat` of a fragmented file of one track."""
    packets, position = [], 0
    while position + 8 <= len(boxes):
        size = int.from_bytes(boxes[position : position + 4])
        if boxes[position + 4 : position + 8] == b"mdat":
            packets.append(boxes[position + 8 : position + size])
        position += size
    return packets


def _box(boxes: bytes, name: bytes) -> bytes:
    """Return the content of the first box with a name, however deep it is."""
    at = boxes.index(name)
    return boxes[at + 4 : at - 4 + int.from_bytes(boxes[at - 4 : at])]
