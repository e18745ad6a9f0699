"""Which codecs this machine's ffmpeg can carry: read and write in FLV, and encode a fallback in."""

import re
from collections.abc import Mapping
from functools import partial

from restream_agent.base.errors import CommandError
from restream_agent.base.process import Finished, run

_TIMEOUT = 10.0
"""Seconds. It takes 0.1 s; a machine that boots is slow."""

_ENHANCED = (60, 16)
"""The libavformat of ffmpeg 6.1, the first that reads and writes HEVC and AV1 in FLV."""

_ENCODERS = {"hevc": "libx265", "av1": "libsvtav1", "mp3": "libmp3lame"}
"""The encoders of the fallback (fallback/ffmpeg.py). Without libx264 there is no fallback at all."""

_VERSION = re.compile(r"^ffmpeg version ([^\s-]+)", re.MULTILINE)
_LIBRARY = re.compile(r"^libavformat\s+(\d+)\.\s*(\d+)\.", re.MULTILINE)
_ENCODER = re.compile(r"^ [VA][.A-Z]{5} (\S+)", re.MULTILINE)


def obstacles(ffmpeg: str) -> Mapping[str, str]:
    """Return the codecs that an ffmpeg cannot carry, each with the reason; none if it cannot be asked.

    An ffmpeg that is missing is reported elsewhere.
    """
    ask = partial(run, timeout=_TIMEOUT)
    try:
        return read(ask((ffmpeg, "-hide_banner", "-version")), ask((ffmpeg, "-hide_banner", "-encoders")))
    except CommandError:
        return {}


def read(version: Finished, encoders: Finished) -> Mapping[str, str]:
    """Return the same from ffmpeg's answers to -version and -encoders."""
    number, library = _VERSION.search(version.stdout), _LIBRARY.search(version.stdout)
    own = f"this machine's ffmpeg{f' {number[1]}' if number else ''}"
    found = {"opus": own}  # before ffmpeg 8; no fallback is made in it
    known = set(_ENCODER.findall(encoders.stdout))
    found |= {codec: f"{own} without {name}" for codec, name in _ENCODERS.items() if name not in known}
    if library is None or (int(library[1]), int(library[2])) < _ENHANCED:
        found |= dict.fromkeys(("hevc", "av1", "vp9"), own)
    return found
