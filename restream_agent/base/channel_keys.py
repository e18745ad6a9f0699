"""Keys that keep the channels of one machine apart at the ingest server, which all of them use. Pure.

A process of one channel may connect to loopback. Without a key it could play the stream of another channel,
or ask the server's API to disconnect a publisher. Each key is made from the token of the hooks, which only
root, the agent and the ingest server can read, so nothing more is to be stored. Another token makes them all
new.
"""

import base64
import hashlib
import hmac

API_USER = "restream-agent"
"""The name that the agent tells the ingest server's API."""


def play_key(token: str, channel: str) -> str:
    """Return the key that a player of a channel's stream sends: 32 hexadecimal digits."""
    return _derived(token, f"play {channel}")


def api_key(token: str) -> str:
    """Return the key of the ingest server's API: 32 hexadecimal digits."""
    return _derived(token, "api")


def api_authorization(token: str) -> str:
    """Return what a request to the API has as its header `Authorization`, RFC 7617."""
    return "Basic " + base64.b64encode(f"{API_USER}:{api_key(token)}".encode()).decode()


def _derived(token: str, purpose: str) -> str:
    return hmac.new(token.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:32]
