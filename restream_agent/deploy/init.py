"""`restream-agent init`: a first configuration to edit, and a key for OBS."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.files import locate, write
from restream_agent.deploy import machine
from restream_agent.render import assets

_EXAMPLE = """\
# restream-agent: every setting is explained in
# {documentation}/configuration.md; restream.schema.json beside it is for editors.
version = 1

[ingest]
server = "{server}"{comment}
listen = "0.0.0.0:1935"
key = {{ credential = "ingest" }}      # what OBS must send; init has made a random key

[fallback]
# video = "/srv/streams/fallback.mp4"  # left out: a slate with the message
message = "We will be right back"
hold = "30min"                       # how long the fallback keeps the broadcast up

# One table for each platform; its key goes into a file of its own, which git never sees:
#   sudo restream-agent secret set twitch
#
# [platforms.twitch]
# preset = "twitch"
# key = {{ credential = "twitch" }}
#
# [platforms.youtube]
# preset = "youtube"
# key = {{ credential = "youtube" }}
"""


@dataclass(frozen=True)
class FirstFiles:
    """The files that `make_first_files` has made; None stands for a file that existed before."""

    toml: Path | None
    ingest_key: Path | None


def make_first_files(root: Path) -> FirstFiles:
    """Make the TOML file, the directory of credentials and the key that OBS sends, where they are missing.

    A file that exists is not touched. RestreamError if a file cannot be made.
    """
    try:
        return _first_files(root)
    except PermissionError as error:
        raise RestreamError(
            f"{error.filename}: {error.strerror}; init has to be root", hint="sudo restream-agent init"
        ) from error
    except OSError as error:
        raise RestreamError(f"{error.filename}: {error.strerror}") from error


def _first_files(root: Path) -> FirstFiles:
    credentials = locate(root, paths.CREDENTIALS)
    credentials.mkdir(parents=True, exist_ok=True)
    credentials.chmod(0o700)
    credentials.parent.chmod(0o755)  # whatever the umask is: the services read their settings there
    server, comment = ("srs", "") if machine.has_srs() else ("nginx-rtmp", '                # or "srs"')
    key_path = f"{paths.CREDENTIALS}/ingest"
    return FirstFiles(
        # Readable for root alone: a user may write a key into it.
        toml=_make(
            root,
            paths.CONFIG,
            _EXAMPLE.format(documentation=assets.documentation(), server=server, comment=comment),
        ),
        ingest_key=_make(root, key_path, f"{secrets.token_urlsafe(18)}\n"),
    )


def _make(root: Path, path: str, content: str) -> Path | None:
    """Write a file that only root can read, unless it exists; return it if it was written."""
    place = locate(root, path)
    if place.exists():
        return None
    write(root, path, File(content, mode=0o600))
    return place
