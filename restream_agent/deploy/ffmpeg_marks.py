"""Whether this machine's ffmpeg can print the marks of a relay's stream (stream/marks.py)."""

import re

from restream_agent.base.errors import CommandError
from restream_agent.base.process import run

_TIMEOUT = 10.0
"""Seconds. It takes 0.1 s; a machine that boots is slow."""

_CONDITION = re.compile(r"^ +-drop +<string>", re.MULTILINE)
"""The option of the bitstream filter that has the condition, since ffmpeg 5.0."""


def can_print(ffmpeg: str) -> bool:
    """Whether an ffmpeg has the bitstream filter; a build may leave it out, and its relays must start.

    An ffmpeg that cannot be asked is taken to have it: one that is missing is reported elsewhere.
    """
    try:
        return has_condition(run((ffmpeg, "-hide_banner", "-h", "bsf=noise"), timeout=_TIMEOUT).stdout)
    except CommandError:
        return True


def has_condition(answer: str) -> bool:
    """Whether ffmpeg's answer to `-h bsf=noise` has the option."""
    return _CONDITION.search(answer) is not None
