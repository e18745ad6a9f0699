"""The picture and sound that the OBS stand-in publishes, and how they are recognized. Pure.

The upper left corner has two blocks, each a quarter of the picture wide and high. The colour of the first,
the mark, names the source. The second, the clapper, turns white once a second for 100 ms, exactly while a
1 kHz tone sounds.
"""

from dataclasses import dataclass

BLOCKS = 4  # a block is 1/4 of the picture's width and height
CLAP_SECONDS = 0.1
TONE_HERTZ = 1000
FALLBACK = "fallback"

# Red, green, blue of each mark: saturated, so that they survive every encoder.
MARKS = {"live": (0, 255, 0), "second": (255, 0, 255)}


@dataclass(frozen=True)
class Cut:
    """The part of the picture with both blocks, scaled to `width` x `height` pixels."""

    width: int = 8
    height: int = 4
    filter: str = f"crop=iw/{BLOCKS // 2}:ih/{BLOCKS}:0:0,scale=8:4:flags=area"


CUT = Cut()
MARK_PIXELS = (9, 10, 17, 18)  # the inner four of the left 4x4 pixels of the cut
CLAPPER_PIXELS = (13, 14, 21, 22)


def source_of(rgb: bytes) -> str:
    """Return the source of a cut picture (8x4 pixels, 3 bytes each): a mark's name, or "fallback"."""
    colour = _mean(rgb, MARK_PIXELS)
    for name, mark in MARKS.items():
        if all(abs(value - expected) < 80 for value, expected in zip(colour, mark, strict=True)):
            return name
    return FALLBACK


def is_clap(rgb: bytes) -> bool:
    """Tell whether the clapper of a cut picture is white."""
    return min(_mean(rgb, CLAPPER_PIXELS)) > 128


def lavfi(
    *, width: int, height: int, fps: str, mark: str, sample_rate: int, channels: int, noise: int = 0
) -> str:
    """Return an ffmpeg lavfi graph with the moving picture as out0 and the sound as out1.

    `noise` (0…100) is added to the picture, so that an encoder needs the bits of a camera's picture.
    """
    block = f"w=iw/{BLOCKS}:h=ih/{BLOCKS}:t=fill"
    colour = "0x{:02x}{:02x}{:02x}".format(*MARKS[mark])
    tone = f"if(lt(mod(t,1),{CLAP_SECONDS}),0.5*sin(2*PI*{TONE_HERTZ}*t),0)"
    return (
        f"testsrc2=size={width}x{height}:rate={fps},{f'noise=alls={noise}:allf=t,' if noise else ''}"
        f"drawbox=x=0:y=0:{block}:color={colour},"
        f"drawbox=x=iw/{BLOCKS}:y=0:{block}:color=black,"
        # Half a millisecond is added: a frame at exactly one second may be computed as 0.99999….
        f"drawbox=x=iw/{BLOCKS}:y=0:{block}:color=white:enable='lt(mod(t+0.0005,1),{CLAP_SECONDS})',"
        f"format=yuv420p[out0];"
        f"aevalsrc='{'|'.join([tone] * channels)}':s={sample_rate}[out1]"
    )


def _mean(rgb: bytes, pixels: tuple[int, ...]) -> tuple[float, float, float]:
    red, green, blue = (sum(rgb[3 * pixel + part] for pixel in pixels) / len(pixels) for part in range(3))
    return red, green, blue
