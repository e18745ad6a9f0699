"""`python -m restream_agent.launchers.trial PARAMETER COMMAND…`: a few seconds of the slate to one platform.

`restream-agent platform test` has systemd run this for a moment, in the sandbox of a relay. The slate comes
on standard input, since its file belongs to another user. PARAMETER goes behind the key; it may be empty.
This process then becomes ffmpeg, whose output passes log_filter.py on its way to standard error.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from restream_agent.launchers import key_preset, log_filter

SLATE = "slate.flv"
"""In the unit's runtime directory."""

BEGUN = "trial=begun"
"""The first line of the output. Without it, it is not the platform that has failed."""


def main(argv: list[str]) -> NoReturn:
    """Write slate and key, and become the command; OSError if that fails."""
    parameter, *command = argv
    runtime = Path(os.environ["RUNTIME_DIRECTORY"])
    (runtime / SLATE).write_bytes(sys.stdin.buffer.read())
    key_preset.write(runtime, parameter)
    os.write(2, f"{BEGUN}\n".encode())
    log_filter.main(command)


if __name__ == "__main__":
    main(sys.argv[1:])
