"""The publisher that a server names, in a hook or in a list: checked, and fit for a log. Pure.

A server repeats what clients send, and users of this machine can reach the listener: an address is part of
a line that fail2ban reads, an id part of a URL.
"""

import re
from ipaddress import ip_address

from restream_agent.agent.situation import Publisher

UNKNOWN = "unknown"
"""Stands for an address that is none. No line of a log can be forged by it, and no address be blocked."""

_CLIENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_ADDRESS = re.compile(r"[A-Za-z0-9.:%_-]{1,60}")


def read_publisher(client_id: str, stream: str, address: str) -> Publisher:
    """Return the publisher; ValueError if its id is not one word. A missing address is ""."""
    if not _CLIENT_ID.fullmatch(client_id):
        raise ValueError("its client id is not valid")
    return Publisher(client_id, stream, _address(address))


def _address(text: str) -> str:
    # ip_address takes any text after a "%" for the name of a network interface.
    if not text or not _ADDRESS.fullmatch(text):
        return UNKNOWN if text else ""
    try:
        return str(ip_address(text))
    except ValueError:
        return UNKNOWN
