"""The offset between sound and picture, measured by the clapper of `scene.py`. Pure."""

import itertools
import math
from array import array
from collections.abc import Iterable, Sequence

from tests.lab.scene import TONE_HERTZ

WINDOW = 96  # samples: 2 ms at 48 kHz, two periods of the tone; the resolution of an onset
LOUD = 0.15  # of full scale, as root mean square; the tone has 0.35
QUIET_MS = 500  # silence that must precede a tone; tones sound once a second
PAIR_MS = 400  # a sound and a picture further apart belong to different claps


def onsets(blocks: Iterable[tuple[float, int]], samples: bytes, rate: int) -> list[float]:
    """Return the times in ms at which the tone begins, exact to WINDOW samples.

    blocks: (presentation time in ms, bytes) of each decoded piece; samples: all pieces, 16 bit mono.
    Each time counts from the timestamp of its own piece.
    """
    step = 2 * math.pi * TONE_HERTZ / rate
    waves = [(math.cos(step * number), math.sin(step * number)) for number in range(WINDOW)]
    starts: list[float] = []
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
                starts.append(moment)
            last_loud = moment
    return starts


def flashes(claps: Sequence[tuple[int, bool]]) -> list[int]:
    """Return the pts in ms at which the clapper turns white; `claps` is (pts in ms, is white) per frame.

    The first frame does not count: when it turned white is not known.
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
    """Tell by correlation with the tone's two waves whether the tone sounds, alone or among other sound."""
    if max(window) < LOUD * 32768:
        return False  # most of a recording is silence, and this check is much faster
    real = sum(sample * wave[0] for sample, wave in zip(window, waves, strict=True))
    imaginary = sum(sample * wave[1] for sample, wave in zip(window, waves, strict=True))
    amplitude = 2 * math.hypot(real, imaginary) / len(window)
    return amplitude / 32768 / math.sqrt(2) > LOUD
