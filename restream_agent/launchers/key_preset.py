"""The file from which ffmpeg reads a platform's key, so that the key is in no process list and in no log."""

import os
from pathlib import Path

NAME = "key.ffpreset"
"""In the unit's runtime directory."""


def write(runtime: Path, parameter: str = "") -> None:
    """Write the unit's key there, readable for its user alone; OSError if that fails.

    A parameter ("name=value") is added to the key, for a platform that reads some there.
    """
    key = (Path(os.environ["CREDENTIALS_DIRECTORY"]) / "key").read_text().strip()
    if parameter:
        key += f"{'&' if '?' in key else '?'}{parameter}"
    descriptor = os.open(runtime / NAME, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as preset:
        preset.write(f"rtmp_playpath={key}\n")
