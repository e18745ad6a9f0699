"""`python -m restream_agent.launchers.relay_log RECORD CAUSE URL PROGRAM`: the process beside an ffmpeg.

It passes ffmpeg's log on (log_filter.py), sends the marks in it to the agent (mark_lines.py), notes why an
attempt fails, and ends an ffmpeg that systemd stops (relay_stop.py). relay_attempt.py starts it. It is a
Python of its own and loads little, because it stays as long as the relay: dataclasses, pathlib and json would
be 3 MB for each relay.
"""

import socket
import sys
from contextlib import suppress
from typing import NoReturn

from restream_agent.launchers import log_filter, relay_stop
from restream_agent.launchers.mark_lines import MarkLines, to_agent
from restream_agent.wire.attempt_causes import cause_of


def main(argv: list[str]) -> NoReturn:
    """Read the log on standard input to its end.

    `argv` has the record of the attempts, the file for the cause of a failure, the URL to which ffmpeg sends
    its reports, and ffmpeg's process id.
    """
    record, cause_file, url, program = argv
    marks = MarkLines(to_agent(url, socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
    take = _taker(marks, cause_file)
    log_filter.pass_on(0, int(program), on_stop=relay_stop.end_ffmpeg(record), take=take)


def _taker(marks: MarkLines, file: str) -> log_filter.LineTaker:
    """Return what takes the marks out of ffmpeg's log, and notes why the attempt fails."""
    cause = ""

    def take(line: str) -> bool:
        nonlocal cause
        if marks.take(line):
            return True
        if (told := cause_of(line, cause)) != cause:
            cause = told
            with suppress(OSError), open(file, "w") as noted:  # noqa: PTH123
                noted.write(cause)
        return False

    return take


if __name__ == "__main__":
    main(sys.argv[1:])
