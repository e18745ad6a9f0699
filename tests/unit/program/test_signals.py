"""Signals arrive in a socket, in a process of its own, because handlers belong to a whole process."""

import subprocess
import sys

SCRIPT = """
import os, select, signal
from restream_agent.program.signals import SignalSocket

signals = SignalSocket(signal.SIGTERM, signal.SIGHUP)
assert select.select([signals.socket], [], [], 0)[0] == []
for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGHUP):
    os.kill(os.getpid(), number)
taken = []
while len(taken) < 3:
    select.select([signals.socket], [], [])
    taken += signals.take()
print(*(number.name for number in taken))
"""


def test_signals_are_taken_in_their_order() -> None:
    """They do not end the process, and the socket is readable once a signal has arrived."""
    done = subprocess.run(
        (sys.executable, "-c", SCRIPT), timeout=30, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "SIGHUP SIGTERM SIGHUP\n", "")
