"""Tries the platforms' servers: name, connection, certificate. Nothing is sent but what TLS needs."""

import socket
import ssl
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

from restream_agent.deploy.reach_findings import Host, Reach, Step

_TIMEOUT = 5.0
"""Seconds for a connection, and for TLS."""

_AT_ONCE = 16


def try_hosts(hosts: Iterable[Host], authorities: str) -> tuple[Reach, ...]:
    """Try each server, several at once; `authorities` is the file of certificates that relays trust, too.

    The resolver has its own time limit, resolv.conf(5).
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(partial(_try, authorities=authorities), hosts))


def _try(host: Host, authorities: str) -> Reach:
    begun = time.monotonic()
    try:
        found = socket.getaddrinfo(host.name, host.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Reach(host, Step.NAME, getattr(error, "strerror", None) or str(error))
    try:
        connection = _connect(found)
    except OSError as error:
        return Reach(host, Step.CONNECTION, _reason(error))
    with connection:
        if not host.has_tls:
            return Reach(host, Step.ALL, took=time.monotonic() - begun)
        try:
            until = _certificate_end(connection, host.name, authorities)
        except OSError as error:
            return Reach(host, Step.CERTIFICATE, _reason(error))
        return Reach(host, Step.ALL, took=time.monotonic() - begun, valid_until=until)


def _connect(addresses: Iterable[tuple[Any, ...]]) -> socket.socket:
    """Connect to the first address that answers; the OSError of the last one if none does."""
    last = OSError("it has no address")
    for family, kind, protocol, _, address in addresses:
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(_TIMEOUT)
        try:
            connection.connect(address)
        except OSError as error:
            connection.close()
            last = error
        else:
            return connection
    raise last


def _certificate_end(connection: socket.socket, name: str, authorities: str) -> datetime | None:
    """Return until when the server's certificate is valid; OSError if it is not valid for this name."""
    context = ssl.create_default_context(cafile=authorities)
    with context.wrap_socket(connection, server_hostname=name) as tls:
        shown = tls.getpeercert() or {}
    end = shown.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if isinstance(end, str) else None


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, TimeoutError):
        return f"nothing came within {_TIMEOUT:g} s"
    return getattr(error, "strerror", None) or str(error)
