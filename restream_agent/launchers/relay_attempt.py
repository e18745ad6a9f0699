"""`python -m restream_agent.launchers.relay_attempt COMMAND…`: one attempt of a relay to reach its platform.

Run by ffmpeg-relay@.service as its main process. It waits for the pause that earlier failures ask for
(retry.py), with the unit "activating"; writes the key to where ffmpeg reads it; connects to the program;
says READY=1; and becomes ffmpeg, its log filtered by guard.py. RELAY_STALL_US and RELAY_GIVE_UP of the
environment are in microseconds and seconds, "never" for no end; RELAY_INPUT is the program's socket.

ffmpeg is given that connection as its standard input. One that it makes itself, `-i unix:…`, it takes for
a file that it can seek in, and remembers where each piece of sound was: 24 bytes for each, 92 MiB a day
(libavformat/unix.c leaves is_streamed unset; measured with 5.1.9, tests/media/test_relay_memory.py).

What it knows of earlier attempts is a file in the unit's runtime directory, which systemd keeps across
restarts. The unit removes it when the relay was stopped, not ended by itself: who starts it by hand does
not wait for a pause. It imports little, as a relay waits for it.
"""

import json
import os
import random
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from restream_agent.launchers import log_filter
from restream_agent.launchers.backoff import GIVEN_UP, Attempts, follow, has_given_up, pause
from restream_agent.systemd.sd_notify import ServiceManager
from restream_agent.wire.attempts import words


def main(argv: list[str]) -> NoReturn:
    """Make one attempt; OSError if its files cannot be written or the program not be started."""
    stall, give_up = int(os.environ["RELAY_STALL_US"]) / 1e6, os.environ["RELAY_GIVE_UP"]
    runtime, notifier = Path(os.environ["RUNTIME_DIRECTORY"]), ServiceManager()
    file = runtime / "attempts.json"
    tally = follow(_recall(file), time.monotonic(), stall=stall)
    if has_given_up(tally, time.monotonic(), None if give_up == "never" else float(give_up)):
        minutes = (time.monotonic() - tally.since) / 60
        print(f"<3>giving up: {tally.failures} attempts in {minutes:.0f} min have failed", file=sys.stderr)
        sys.exit(GIVEN_UP)
    seconds = pause(tally.failures, random.random)
    said = words(tally.failures, seconds)
    if tally.failures:
        print(f"<4>{said}", file=sys.stderr)
    notifier.send(f"STATUS={said}")
    time.sleep(seconds)
    file.write_text(json.dumps(asdict(tally) | {"started": time.monotonic()}))
    _write_key(runtime)
    program = _connect(os.environ["RELAY_INPUT"])
    notifier.send("READY=1")
    log_filter.main(argv, stdin=program.fileno())


def _recall(file: Path) -> Attempts | None:
    with suppress(OSError, ValueError, TypeError):
        return Attempts(**json.loads(file.read_text()))
    return None


def _connect(path: str) -> socket.socket:
    program = socket.socket(socket.AF_UNIX)
    try:
        program.connect(path)
    except OSError as error:
        sys.exit(f"<3>the program at {path} cannot be reached: {error.strerror}")
    return program


def _write_key(runtime: Path) -> None:
    """Put the key where ffmpeg reads it: no process list and no log has it."""
    key = (Path(os.environ["CREDENTIALS_DIRECTORY"]) / "key").read_text().strip()
    descriptor = os.open(runtime / "key.ffpreset", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as preset:
        preset.write(f"rtmp_playpath={key}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
