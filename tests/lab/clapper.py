"""How far sound and picture are apart, told by the clapper of `scene.py`. Pure."""

import itertools
import math
from array import array
from collections.abc import Iterable, Sequence

from tests.lab.scene import TONE_HERTZ

WINDOW = 96  # samples: 2 ms at 48 kHz, the resolution of an onset; two periods of the tone
LOUD = 0.15  # of full scale, as root mean square; the tone's is 0.35
QUIET_MS = 500  # a tone begins after at least this much without one: they sound once a second
PAIR_MS = 400  # sound and picture further apart than this belong to different claps


def onsets(blocks: Iterable[tuple[float, int]], samples: bytes, rate: int) -> list[float]:
    """Find where the tone begins.

    blocks: (presentation time in ms, bytes) of each decoded piece; samples: all of them, 16 bit mono.
    Returns times in ms, exact to WINDOW samples, each where a piece's own timestamp puts it.
    """
    step = 2 * math.pi * TONE_HERTZ / rate
    waves = [(math.cos(step * number), math.sin(step * number)) for number in range(WINDOW)]
    found: list[float] = []
    last_loud = -math.inf
    position = 0
    for pts, size in blocks:
        piece = array("h", samples[position : position + size])
        position += size
        for start in range(0, len(piece) - WINDOW + 1, WINDOW):
            if not _is_tone(piece[start : start + WINDOW], waves):
                continue
            moment = pts + 1000 * start / rate
            if moment - last_loud > QUIET_MS:
                found.append(moment)
            last_loud = moment
    return found


def flashes(claps: Sequence[tuple[int, bool]]) -> list[int]:
    """Find where the clapper turns white in (pts in ms, is white) of consecutive frames.

    The first frame does not count: nothing tells when it turned white.
    """
    pairs = itertools.pairwise(claps)
    return [pts for (_, before), (pts, white) in pairs if white and not before]


def offsets(flash_times: Sequence[float], tone_times: Sequence[float]) -> list[tuple[float, float]]:
    """Pair each flash with the nearest tone: (ms of the flash, tone minus flash in ms)."""
    pairs = []
    for flash in flash_times:
        nearest = min(tone_times, key=lambda tone: abs(tone - flash), default=math.inf)
        if abs(nearest - flash) <= PAIR_MS:
            pairs.append((flash, nearest - flash))
    return pairs


def _is_tone(window: Sequence[int], waves: Sequence[tuple[float, float]]) -> bool:
    """Tell by correlation with the tone's two waves whether it sounds, whatever else does."""
    if max(window) < LOUD * 32768:
        return False  # most of a recording is silence, and this is many times quicker
    real = sum(sample * wave[0] for sample, wave in zip(window, waves, strict=True))
    imaginary = sum(sample * wave[1] for sample, wave in zip(window, waves, strict=True))
    amplitude = 2 * math.hypot(real, imaginary) / len(window)
    return amplitude / 32768 / math.sqrt(2) > LOUD
