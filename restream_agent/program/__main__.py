"""`python -m restream_agent.program SETTINGS`: the main process of fallback.service.

systemd passes the listening sockets of fallback.socket, and the relays' connections from its file descriptor
store. The program imports little and reads a small rendered file instead of the TOML, so that it sends again
within half a second of a crash.
"""

import os
import sys
from pathlib import Path

from restream_agent.program.loop import Program
from restream_agent.systemd.sd_notify import ServiceManager, inherited


def main() -> None:
    """Run the program with the settings file named on the command line."""
    runtime = Path(os.environ["RUNTIME_DIRECTORY"])
    Program(Path(sys.argv[1]), runtime, ServiceManager()).run(inherited())


if __name__ == "__main__":
    main()
