"""The log of our own processes: to stderr, in the form of the journal or of a terminal."""

import logging
import os
import sys
from contextlib import suppress

from restream_agent.base.one_line import printable

_PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class JournalFormatter(logging.Formatter):
    """Begins each line with its syslog priority, which the journal reads and removes; see sd-daemon(3).

    The lines after the first are indented, and no line has control characters: a message may quote what
    another process or a client has sent, and must not forge a line or move a terminal's cursor.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        first, *others = super().format(record).splitlines() or [""]
        priority = _PRIORITIES.get(record.levelno, 6)
        return "\n".join(
            f"<{priority}>{printable(line)}" for line in (first, *(f"  {line}" for line in others))
        )


def is_reader() -> bool:
    """Whether our stderr goes to the journal. A terminal may have the variable from what started it."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    with suppress(OSError):
        status = os.fstat(sys.stderr.fileno())
        return (device, inode) == (str(status.st_dev), str(status.st_ino))
    return False


def to_stderr(*, verbose: bool) -> None:
    """Log to stderr: warnings and errors, and with `verbose` every change of state."""
    handler = logging.StreamHandler(sys.stderr)
    if is_reader():
        handler.setFormatter(JournalFormatter("%(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("restream_agent").setLevel(logging.INFO if verbose else logging.WARNING)


def logs_steps() -> bool:
    """Whether the log shows every change of state, to whomever reads it."""
    return logging.getLogger("restream_agent").isEnabledFor(logging.INFO)
