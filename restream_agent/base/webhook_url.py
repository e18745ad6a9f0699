"""Checks of a webhook's URL. The URL is often a secret, so no message shows it. Pure."""

from ipaddress import ip_address

from restream_agent.base import secret_text
from restream_agent.base.urls import split_url


def complaint(url: str) -> str:
    """Return why a text cannot be a webhook's URL, "" if it can."""
    reason = secret_text.complaint(url)
    if reason:
        return reason
    parts = split_url(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        return "must be a URL that begins with https:// or http://; a port must be from 1 to 65535"
    return "" if parts.hostname else "has no host"


def is_exposed(url: str) -> bool:
    """Whether a message that is posted to the URL crosses a network unencrypted."""
    parts = split_url(url)
    return parts is not None and parts.scheme == "http" and not _is_loopback(parts.hostname or "")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
