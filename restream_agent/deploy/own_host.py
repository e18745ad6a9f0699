"""The name or the address under which OBS reaches this machine."""

import socket
import threading
from ipaddress import IPv4Address

_DNS_PATIENCE = 1.0
"""Seconds. A name server that does not answer must not keep a person waiting; the address does, too."""

_ANYWHERE = ("192.0.2.1", 9)
"""Nobody's address (RFC 5737). To connect a datagram socket sends nothing; it asks for the route."""


def own_host(listen: str) -> str:
    """Return where OBS reaches the address "HOST:PORT" that the ingest server listens on.

    That is the address itself, or, where it stands for every address, this machine's name if the DNS knows it
    as this machine's, and else the address of its way out; "" without a network.
    """
    host = listen.rpartition(":")[0]
    if not IPv4Address(host).is_unspecified:
        return host
    address = _own_address()
    return _own_name(address) or address


def _own_address() -> str:
    """Return the IPv4 address with which this machine sends to others; "" without a route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ANYWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _own_name(address: str) -> str:
    """Return this machine's whole name if it leads to its address; "" if not, or if the DNS is slow."""
    found = list[str]()

    def look() -> None:
        name = socket.getfqdn()
        if "." not in name or name.startswith("localhost"):
            return
        try:
            answers = socket.getaddrinfo(name, None, socket.AF_INET)
        except OSError:
            return
        if any(answer[4][0] == address for answer in answers):
            found.append(name)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(_DNS_PATIENCE)
    return found[0] if found else ""


def remark(host: str) -> str:
    """Return what to know of a host that is typed into OBS elsewhere; "" for a name or a public address."""
    try:
        address = IPv4Address(host)
    except ValueError:
        return ""
    if address.is_loopback:
        return "only OBS on this machine reaches it"
    if address.is_private:
        return "of this network; OBS elsewhere needs the public address"
    return ""
