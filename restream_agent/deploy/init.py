"""`restream-agent init`: a first configuration to edit."""

import secrets
from collections.abc import Iterator
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.file_tree import File
from restream_agent.base.files import locate, write

_EXAMPLE = """\
# restream-agent: every setting is explained in docs/configuration.md.
version = 1

[ingest]
server = "{server}"{comment}
listen = "0.0.0.0:1935"
key = {{ credential = "ingest" }}      # what OBS must send; init has made one up

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


def init(root: Path) -> Iterator[str]:
    """Make what is missing, never touching what is there; yield what was made and what to do next."""
    credentials = locate(root, paths.CREDENTIALS)
    credentials.mkdir(parents=True, exist_ok=True)
    credentials.chmod(0o700)
    credentials.parent.chmod(0o755)  # whatever the umask: the services read their settings there
    if not locate(root, paths.CONFIG).exists():
        has_srs = Path("/usr/local/srs/objs/srs").exists()
        server, comment = ("srs", "") if has_srs else ("nginx-rtmp", '                # or "srs"')
        # Readable for root alone: it may come to hold a key.
        write(root, paths.CONFIG, File(_EXAMPLE.format(server=server, comment=comment), mode=0o600))
        yield f"made {locate(root, paths.CONFIG)}: edit it"
    ingest_key = f"{paths.CREDENTIALS}/ingest"
    if not locate(root, ingest_key).exists():
        write(root, ingest_key, File(secrets.token_urlsafe(18) + "\n", mode=0o600))
        yield f"made {locate(root, ingest_key)}: the key that OBS must send"
    yield "in OBS: server rtmp://THIS-HOST/live, stream key main?key=KEY, with the KEY from that file"
    yield "then: restream-agent check, restream-agent diff, restream-agent apply"
