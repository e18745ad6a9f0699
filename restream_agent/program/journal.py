"""The program's lines in the journal."""

import sys


def log(priority: int, message: str) -> None:
    """Write one line to the journal; priorities are those of syslog (3 error, 4 warning, 6 info)."""
    print(f"<{priority}>{message}", file=sys.stderr, flush=True)
