"""What ffmpeg says when it decodes what a platform received in the first cycle."""

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.lab import flv
from tests.lab.rtmp import RtmpMessage
from tests.lab.taps import TapReader

DECODE_SECONDS = 300.0


def messages(directory: Path, since: float, until: float) -> list[str]:
    """Decode each connection of a platform between two times; return the lines of ffmpeg's messages.

    `directory` is the platform's.
    """
    found: list[str] = []
    for connection in TapReader(directory / "tap").update():
        media = between(connection.messages, since, until)
        connection.messages = []
        if any(map(flv.is_coded, media)):
            with tempfile.NamedTemporaryFile(suffix=".flv", dir=directory) as file:
                Path(file.name).write_bytes(flv.file_of(media))
                # Milliseconds, as in the file: with one tick a picture, two early ones would have one time.
                times = ("-fps_mode", "passthrough", "-enc_time_base:v", "1/1000")
                command = ("ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", file.name)
                done = subprocess.run(
                    (*command, *times, "-f", "null", "-"),
                    capture_output=True, text=True, check=False, timeout=DECODE_SECONDS,
                )  # fmt: skip
            found += done.stderr.splitlines()
    return found


def between(media: Iterable[RtmpMessage], since: float, until: float) -> list[RtmpMessage]:
    """Return every header up to a time, and what is coded from the first keyframe after another time on."""
    found, has_begun = [], False
    for message in media:
        if message.arrived > until:
            break
        has_begun = has_begun or (message.arrived >= since and flv.is_keyframe(message))
        if has_begun or not flv.is_coded(message):
            found.append(message)
    return found
