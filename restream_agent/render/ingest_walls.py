"""What the configuration of the ingest server has only where there are several channels. Pure."""

import re

_WALLS = re.compile(
    r"^\s*(?:auth \{[^}]*\}|on_play [^;]*;|set \$right [^;]*;|if \(\$http_authorization [^}]*\})\n",
    re.MULTILINE,
)


def without_walls(config: str) -> str:
    """Return a configuration as it would be for one channel, but for comments.

    A server that runs goes on without what keeps channels apart, and with it.
    """
    return _WALLS.sub("", config)
