"""`python -m restream_agent.launchers.ingest_server BINARY -c CONFIGURATION`: becomes the ingest server.

The name of the configuration, srs.conf or nginx-rtmp.conf, tells which server it is. Of its log the journal
is told what server_log.py makes of it.
"""

import sys
from pathlib import Path

from restream_agent.launchers import log_filter
from restream_agent.launchers.server_log import LOGS

if __name__ == "__main__":
    argv = sys.argv[1:]
    log_filter.main(argv, tell=LOGS[Path(argv[-1]).stem]().tell)
