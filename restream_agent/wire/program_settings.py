"""The program's settings. Pure.

They are not in settings.py, because making its classes takes milliseconds, for which viewers wait at a start
of the program.
"""

from dataclasses import dataclass

CARRIED_CODECS = ("h264", "hevc", "av1", "aac", "mp3")
"""The codecs that a program can have, since a fallback can be made in them. A machine may carry fewer."""


@dataclass(frozen=True)
class ProgramSettings:
    """program.json, for fallback.service. Times are in ms, sizes in bytes.

    `fallback` lists prepared files in order of preference. In the directory `operator`, the files "break" and
    "open" stand for the requests of the command line. `telemetry` is the agent's datagram socket. The
    fallback replaces a live stream that sends nothing for `stall`; after `silence` its connection is closed.
    The fallback opens a broadcast after `opening`, at once with `standby`. A publisher's keyframes count once
    it has been there for `settle`. A relay that does not read may leave `queue_milliseconds` and `queue_size`
    standing. Tracks in codecs other than those `carried` reach no relay.
    """

    fallback: tuple[str, ...]
    operator: str
    telemetry: str
    stall: int
    opening: int
    settle: int
    standby: bool
    silence: int
    queue_milliseconds: int = 5000
    queue_size: int = 16 * 1024 * 1024
    carried: tuple[str, ...] = CARRIED_CODECS
