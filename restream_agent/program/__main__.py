"""`python -m restream_agent.program SETTINGS [CHANNEL]`: the main process of fallback.service.

systemd passes the listening sockets of fallback.socket, and the relays' connections from its file descriptor
store. The program imports little and reads a small rendered file instead of the TOML, so that it sends again
soon after a crash.
"""

import os
import sys
from pathlib import Path

from restream_agent.program.loop import Program
from restream_agent.program.own_units import OwnUnits
from restream_agent.systemd.channels import MAIN
from restream_agent.systemd.passed_sockets import inherited
from restream_agent.systemd.sd_notify import ServiceManager


def main() -> None:
    """Run the program with the settings file, and for the channel, that the command line names."""
    settings, channel = sys.argv[1], (*sys.argv[2:], MAIN)[0]
    runtime = Path(os.environ["RUNTIME_DIRECTORY"])
    Program(Path(settings), runtime, ServiceManager(), OwnUnits(channel)).run(inherited())
    # Everything is written and sent. Python would tidy up for 9 ms, and a successor waits for the end.
    os._exit(0)


if __name__ == "__main__":
    main()
