"""How a relay is stopped: systemd signals every process of the unit, also the one beside ffmpeg.

systemd runs no command for it (`ExecStop=`): 40 relays that stop at once would start 80 processes, each in
a sandbox of its own. On two processors every relay ran into its time limit
(tests/system/test_many_relays.py).
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

GRACE = 2.0
"""Seconds that ffmpeg gets to end the stream at the platform. An ffmpeg that waits for the network never ends
by itself."""


def forget_at_restart(record: str) -> Callable[[int, FrameType | None], None]:
    """Return the signal handler of an attempt: at a restart by hand it removes the record, and ends.

    A restart by hand skips the pause of the next attempt. At a stop systemd removes the record itself, with
    the runtime directory.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        _forget(number, record)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    return handle


def end_ffmpeg(record: str) -> Callable[[int, int], None]:
    """Return what the process beside ffmpeg does at systemd's signal.

    It removes the record at a restart by hand, and kills an ffmpeg that has not ended within GRACE. The unit
    counts that as a clean end, which a time limit of systemd's is not.
    """

    def handle(number: int, ffmpeg: int) -> None:
        _forget(number, record)

        def kill(_number: int, _frame: FrameType | None) -> None:
            # Another parent has adopted this process if ffmpeg has ended, and the number may be another's.
            if os.getppid() == ffmpeg:
                os.kill(ffmpeg, signal.SIGKILL)

        signal.signal(signal.SIGALRM, kill)
        signal.setitimer(signal.ITIMER_REAL, GRACE)

    return handle


def _forget(number: int, record: str) -> None:
    """Remove the record at the signal of a restart by hand, which is the unit's `RestartKillSignal=`."""
    if number == signal.SIGINT:
        with suppress(FileNotFoundError):
            os.unlink(record)  # noqa: PTH108 - pathlib is 1 MB for each relay
