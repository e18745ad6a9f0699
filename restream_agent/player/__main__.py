"""`python -m restream_agent.player URL SOCKET`: the main process of live@NAME.service.

It plays the stream at URL, rtmp://HOST[:PORT]/APPLICATION/STREAM, and writes it as FLV to the program's
socket. Where there are several channels, the unit's credential `play-key` is the key for its stream
(base/channel_keys.py). It ends with one line in the journal when either side goes, and systemd starts it
again. It imports little, because the answer to a publish waits for it.
"""

import os
import sys

from restream_agent.player.connections import ProgramGoneError
from restream_agent.player.loop import play
from restream_agent.player.stream_url import StreamUrl
from restream_agent.rtmp.errors import PlayError, StreamEndedError
from restream_agent.systemd.sd_notify import ServiceManager


def main() -> None:
    """Play the stream into the socket; the command line names both.

    Each line begins with its priority for the journal (sd-daemon(3)).
    """
    url, path = sys.argv[1:3]
    try:
        play(StreamUrl(f"{url}{_query()}"), path, ServiceManager())
    except StreamEndedError as error:
        print(f"<6>{error}", file=sys.stderr)
    except (PlayError, ProgramGoneError) as error:
        raise SystemExit(f"<4>{error}") from None


def _query() -> str:
    """Return what follows the stream's name: the unit's key, if it has one."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return ""
    with open(f"{directory}/play-key") as file:  # noqa: PTH123 - the import of pathlib takes 8 ms
        return f"?key={file.read().strip()}"


if __name__ == "__main__":
    main()
