"""`python -m restream_agent.launchers.relay_attempt COMMAND…`: one attempt of a relay to reach its platform.

ffmpeg-relay@.service runs this as its main process. While the unit is "activating", the attempt waits for
the pause after earlier failures (backoff.py), writes the key to where ffmpeg reads it, and connects to the
program. Then it says READY=1 and becomes ffmpeg, whose log goes to relay_log.py. The environment is
relay.env (wire/relay_environment.py) and RELAY_INPUT, the program's socket.

ffmpeg gets the connection as its standard input. ffmpeg takes a connection of its own, `-i unix:…`, for a
file that it can seek in, and remembers where each piece of sound was: 24 bytes for each, 92 MiB a day
(libavformat/unix.c leaves is_streamed unset; measured with 5.1.9, tests/media/test_relay_memory.py).

What is known of earlier attempts is a file in the unit's runtime directory, which systemd keeps across
restarts and removes at a stop. A restart by hand removes it too (relay_stop.py): starting a relay by hand
skips the pause. This module imports little, because a relay waits for it.
"""

import json
import os
import random
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from restream_agent.launchers import key_preset, log_filter, relay_stop
from restream_agent.launchers.backoff import Attempts, follow, has_given_up, pause
from restream_agent.systemd.sd_notify import ServiceManager
from restream_agent.wire import records
from restream_agent.wire.attempt_causes import CAUSES, REFUSED
from restream_agent.wire.attempts import GIVEN_UP, AttemptStatus
from restream_agent.wire.relay_environment import RelayEnvironment

_CAUSE_FILE = "cause"
"""In the runtime directory: why the last attempt failed, a word of wire/attempts.py."""


def main(argv: list[str]) -> NoReturn:
    """Make one attempt; OSError if its files cannot be written or the command cannot be started."""
    rules = RelayEnvironment.read(os.environ)
    runtime, manager = Path(os.environ["RUNTIME_DIRECTORY"]), ServiceManager()
    file = runtime / "attempts.json"
    signal.signal(signal.SIGINT, relay_stop.forget_at_restart(str(file)))
    now = time.monotonic()
    attempts = follow(_load(file), now, stall=rules.stall)
    if has_given_up(attempts, now, rules.give_up):
        minutes = (now - attempts.since) / 60
        print(f"<3>giving up: {attempts.failures} attempts in {minutes:.0f} min have failed", file=sys.stderr)
        sys.exit(GIVEN_UP)
    ended_by = _last_cause(runtime)
    cause = ended_by if attempts.failures else ""
    status = AttemptStatus(attempts.failures, pause(attempts, now, random.random), cause=cause)
    if attempts.failures:
        print(f"<4>{status.sentence()}", file=sys.stderr)
    manager.send(f"STATUS={status.to_status()}")
    if cause == REFUSED and (redirect := _redirect(argv)):
        status = replace(status, redirect=redirect)
        print(f"<4>the platform redirects to {redirect}: set that as its url", file=sys.stderr)
        manager.send(f"STATUS={status.to_status()}")
    time.sleep(max(0.0, now + status.pause - time.monotonic()))
    file.write_text(json.dumps(records.as_table(replace(attempts, started=time.monotonic()))))
    key_preset.write(runtime)
    program = _connect(os.environ["RELAY_INPUT"])
    manager.send("READY=1")
    marks_go_to = next((word for word in argv if word.startswith("udp://")), "")
    files = (str(file), str(runtime / _CAUSE_FILE))
    beside = (sys.executable, "-I", "-m", "restream_agent.launchers.relay_log", *files, marks_go_to)
    log_filter.main(argv, stdin=program.fileno(), beside=beside)


def _last_cause(runtime: Path) -> str:
    """Return why the attempt before failed, "" if ffmpeg has not said it, and forget it."""
    with suppress(OSError):
        cause = (runtime / _CAUSE_FILE).read_text()
        (runtime / _CAUSE_FILE).unlink()
        return cause if cause in CAUSES else ""
    return ""


def _redirect(argv: list[str]) -> str:
    """Return where the platform sends its clients, "" if it does not."""
    # Imported here because it is needed by few attempts, and a relay waits for this process.
    from restream_agent.launchers.redirect import ask

    url = next(word for word in argv if word.startswith(("rtmp://", "rtmps://")))
    return ask(url, argv[argv.index("-rtmp_app") + 1], log_filter.secrets_of_unit())


def _load(file: Path) -> Attempts | None:
    """Return the count of the attempts before, None after a start by hand or if the file is damaged."""
    with suppress(OSError, ValueError, TypeError):
        return records.parse(Attempts, file.read_text())
    return None


def _connect(path: str) -> socket.socket:
    program = socket.socket(socket.AF_UNIX)
    try:
        program.connect(path)
    except OSError as error:
        sys.exit(f"<3>the program at {path} cannot be reached: {error.strerror}")
    return program


if __name__ == "__main__":
    main(sys.argv[1:])
