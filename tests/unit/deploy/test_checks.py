"""Which hosts are this machine: a relay to its own ingest server would feed itself."""

import socket

import pytest

from restream_agent.deploy.checks import is_own_address


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("127.0.0.1", True),
        (socket.gethostname().upper(), True),
        ("192.0.2.1", False),
        ("live.example.org", False),
    ],
)
def test_own_addresses_are_known_without_asking_anybody(host: str, is_own: bool) -> None:
    """The kernel binds a socket to an address of its own alone."""
    assert is_own_address(host) is is_own
