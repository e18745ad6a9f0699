"""Which codecs can go from OBS to the platforms on a machine, and what stands in the way of the others. Pure.

Measured with ffmpeg 5.1.9 and 7.1.5, SRS 6.0.157 and nginx-rtmp 1.2.2 (docs/design.md, "Measured facts").
"""

from collections.abc import Mapping

from restream_agent.wire.program_settings import CARRIED_CODECS

_SERVERS: Mapping[str, Mapping[str, str]] = {
    "srs": {"av1": "SRS", "opus": "SRS", "vp9": "SRS"},
    "nginx-rtmp": {},
}
"""What an ingest server does not pass on, although the player and ffmpeg could take it."""


def obstacles(server: str, ffmpeg: Mapping[str, str]) -> dict[str, str]:
    """Return what cannot carry each codec that cannot be carried, in words.

    `ffmpeg` has the same for the codecs that ffmpeg cannot carry.
    """
    return {**_SERVERS[server], **ffmpeg}


def carried(refused: Mapping[str, str]) -> tuple[str, ...]:
    """Return the codecs that can be carried."""
    return tuple(codec for codec in CARRIED_CODECS if codec not in refused)
