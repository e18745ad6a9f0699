"""`python -m restream_agent.program SETTINGS`: the main process of fallback.service.

systemd passes the sockets that fallback.socket made, and the relays' connections out of its file
descriptor store. The program imports almost nothing and reads a small rendered file instead of the
TOML, so that it is back within half a second of a crash.
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
