"""What ffmpeg says when it decodes what a platform received in the first cycle."""

import subprocess
import tempfile
from pathlib import Path

from tests.lab import flv
from tests.lab.taps import TapReader

DECODE_SECONDS = 300.0


def messages(directory: Path, until: float) -> list[str]:
    """Decode each connection of a platform up to a time; return the lines of its messages.

    `directory` is the platform's.
    """
    found: list[str] = []
    for connection in TapReader(directory / "tap").update():
        media = [message for message in connection.messages if message.arrived <= until]
        connection.messages = []
        if any(flv.is_media(message) for message in media):
            with tempfile.NamedTemporaryFile(suffix=".flv", dir=directory) as file:
                Path(file.name).write_bytes(flv.file_of(media))
                command = ("nice", "ffmpeg", "-nostdin", "-v", "error", "-i", file.name, "-f", "null", "-")
                done = subprocess.run(
                    command, capture_output=True, text=True, check=False, timeout=DECODE_SECONDS
                )
            found += done.stderr.splitlines()
    return found
