"""Where the relays of all channels send to: no two to one place, none into our own ingest server. Pure."""

from collections.abc import Callable, Iterator, Mapping
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import urlsplit

from restream_agent.base.errors import Problem
from restream_agent.config.document import Document
from restream_agent.config.model import Config
from restream_agent.config.relays import Relay, all_relays
from restream_agent.config.table import SecretRef

_PORTS = {"rtmp": 1935, "rtmps": 443}
_APPLICATION = "live"
"""The application that OBS sends to, whichever server it is."""

LOOP = (
    "sends the program to this machine's own ingest server, which would take it for OBS",
    "write the platform's address; a server of your own needs another port",
)
"""The (message, hint) of a relay that `loops` returns."""

Place = tuple[str, int, str]  # host, port, application


def place_of(url: str) -> Place:
    """Return where a relay's URL leads to; two spellings of one place are equal."""
    parts = urlsplit(url)
    path = parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")
    return (parts.hostname or "").rstrip("."), parts.port or _PORTS[parts.scheme], path


def doubles(config: Config, keys: Mapping[str, object]) -> Iterator[tuple[Relay, Relay]]:
    """Yield (relay, earlier relay) for relays that send to one place with one key.

    `keys` has something for each relay's full name that is equal for equal keys; a relay that is not in it is
    not compared.
    """
    first: dict[tuple[Place, object], Relay] = {}
    for relay in all_relays(config):
        if relay.full_name in keys:
            earlier = first.setdefault((place_of(relay.url), keys[relay.full_name]), relay)
            if earlier is not relay:
                yield relay, earlier


def double_message(earlier: Relay) -> tuple[str, str]:
    """Return (message, hint) for a relay that is a double of an earlier relay."""
    message = f"sends to the same place with the same key as {earlier.full_name}"
    return message, "the platform takes one of the two: remove one, or give it another key"


def output_problems(config: Config, document: Document) -> list[Problem]:
    """Return a problem for each relay that cannot work beside the others, or that would feed itself."""
    named = {relay.full_name: _reference(relay.key) for relay in all_relays(config)}
    found = [(relay, double_message(earlier)) for relay, earlier in doubles(config, named)]
    found += [
        (relay, LOOP) for relay in loops(config, lambda host: host == "localhost" or _is_loopback(host))
    ]
    return [document.problem(relay.table, *words) for relay, words in found]


def _reference(key: SecretRef) -> tuple[str, str]:
    if key.plain is not None:
        return "plain", key.plain.get_secret_value()
    return ("credential", key.credential) if key.credential is not None else ("file", str(key.file))


def loops(config: Config, is_here: Callable[[str], bool]) -> list[Relay]:
    """Return the relays that send to the ingest server's own port; `is_here` knows the names of this machine.

    A server that the user runs may have other applications, each with a purpose of its own.
    """
    listen_host, _, listen_port = config.ingest.listen.rpartition(":")
    found = []
    for relay in all_relays(config):
        host, port, path = place_of(relay.url)
        is_ours = config.ingest.manage or path == _APPLICATION
        if is_ours and port == int(listen_port) and (host == listen_host or is_here(host)):
            found.append(relay)
    return found


def _is_loopback(host: str) -> bool:
    try:
        address = IPv4Address(host)
    except AddressValueError:
        return host == "::1"
    return address.is_loopback or address.is_unspecified
