"""Splitting a URL whose port may be wrong. Pure."""

from urllib.parse import SplitResult, urlsplit


def split_url(url: str) -> SplitResult | None:
    """Return the parts of a URL; None if it cannot be split, or if its port is not from 1 to 65535."""
    try:
        parts = urlsplit(url)
        return parts if parts.port != 0 else None
    except ValueError:
        return None
