"""The names of the relays' users. Pure; apart from unit_names.py, as the program must load no hash."""

import hashlib
import re

_PLAIN_USER = re.compile(r"[a-z0-9][a-z0-9-]{0,24}")


def relay_user(relay: str) -> str:
    """Return the name of a relay's dynamic user: "relay-twitch" for "twitch".

    A user's name has at most 31 characters and is the same on every systemd without capitals and dots. Other
    names are told apart by a hash: "relay_my-twitch_0a1b2c3d4e" for "My.Twitch".
    """
    if _PLAIN_USER.fullmatch(relay):
        return f"relay-{relay}"
    readable = re.sub(r"[^a-z0-9]+", "-", relay.lower())[:14].strip("-")
    return f"relay_{readable}_{hashlib.sha256(relay.encode()).hexdigest()[:10]}"
