"""Which hosts the enabled platforms have, and what is said of each after it was tried. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from restream_agent.base.one_line import printable
from restream_agent.config.model import Config
from restream_agent.config.outputs import place_of
from restream_agent.config.relays import all_relays
from restream_agent.deploy.findings import Finding, fault, ok, warning

_SOON = timedelta(days=3)


class Step(StrEnum):
    """How far the way to a platform went."""

    NAME = "name"
    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    ALL = "all"


@dataclass(frozen=True)
class Host:
    """A platform's server, and the relays that send to it."""

    name: str
    port: int
    has_tls: bool
    relays: tuple[str, ...]

    @property
    def address(self) -> str:
        """HOST:PORT, which holds no secret."""
        return f"{self.name}:{self.port}"


@dataclass(frozen=True)
class Reach:
    """How a try went: the step at which it failed, and why.

    For ALL `took` is how many seconds it took, and `valid_until` the end of the certificate, if there is one.
    """

    host: Host
    step: Step
    reason: str = ""
    took: float = 0.0
    valid_until: datetime | None = None


def hosts(config: Config) -> tuple[Host, ...]:
    """Return the servers of every enabled platform of every channel, backup servers included, each once."""
    found: dict[tuple[str, int, bool], list[str]] = {}
    for relay in all_relays(config):
        name, port, _ = place_of(relay.url)
        found.setdefault((name, port, urlsplit(relay.url).scheme == "rtmps"), []).append(relay.full_name)
    return tuple(Host(*place, tuple(names)) for place, names in found.items())


def judge_reach(tried: Iterable[Reach], now: datetime) -> Iterator[Finding]:
    """Yield what is to be said of each server."""
    for reach in tried:
        host, subject = reach.host, ", ".join(reach.host.relays)
        reason = printable(reach.reason)
        if reach.step is Step.NAME:
            hint = f"check its url in the TOML, and DNS: resolvectl query {host.name}"
            yield fault(subject, f"{host.name} does not resolve: {reason}", hint)
        elif reach.step is Step.CONNECTION:
            hint = f"check url and firewall: is TCP {host.port} open to the internet?"
            yield fault(subject, f"{host.address} does not answer: {reason}", hint)
        elif reach.step is Step.CERTIFICATE:
            hint = "check its url and this machine's clock: apt install --reinstall ca-certificates"
            yield fault(subject, f"{host.address} shows no valid certificate: {reason}", hint)
        elif reach.valid_until is not None and reach.valid_until - now < _SOON:
            words = f"{host.address} answers; its certificate ends {_date(reach.valid_until)}"
            yield warning(subject, words, "the platform has to renew it")
        else:
            until = "" if reach.valid_until is None else f", certificate until {_date(reach.valid_until)}"
            yield ok(subject, f"{host.address} answers in {reach.took * 1000:.0f} ms{until}")


def _date(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
