"""Brings the file from which SRS is installed, a path or an https URL, and compares its SHA-256."""

import hashlib
import re
import ssl
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from restream_agent.base.errors import RestreamError
from restream_agent.deploy.server_change import SrsSource

LARGEST = 512 * 1024 * 1024
"""Bytes. SRS's own archives have some 20 MB."""

_CHUNK = 1024 * 1024
_TIMEOUT = 30.0
"""Seconds without a byte from the server."""
_MOST_REDIRECTS = 5  # GitHub's releases need one

_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


def parse_source(place: str, sha256: str) -> SrsSource:
    """Return where SRS comes from; RestreamError for what cannot be such a place or such a checksum."""
    if "://" in place and not place.startswith("https://"):
        raise RestreamError(
            f"{place.partition('://')[0]}:// is not supported as the place of SRS",
            hint="name a file, or a URL that begins with https://",
        )
    if not _SHA256.fullmatch(sha256):
        raise RestreamError(
            "a SHA-256 has 64 hexadecimal digits",
            hint="`sha256sum FILE` says it; compare the file with what its publisher says first",
        )
    return SrsSource(place if "://" in place else str(Path(place).absolute()), sha256.lower())


@contextmanager
def verified(source: SrsSource) -> Iterator[IO[bytes]]:
    """Yield the content of the source, once its SHA-256 is right; the file has no name, and is gone after.

    Raises RestreamError for a file that cannot be read, a download that fails or breaks off, more than
    LARGEST bytes, and another checksum.
    """
    try:
        with tempfile.TemporaryFile(dir="/var/tmp") as copy:  # /tmp may be in memory
            with _chunks(source) as chunks:
                found = _copy(chunks, copy)
            if found != source.sha256:
                raise RestreamError(
                    f"{source.shown} has the SHA-256 {found}, and not {source.sha256}; it was not unpacked",
                    hint="it is another file, or has been changed, or the download was not complete",
                )
            copy.seek(0)
            yield copy
    except OSError as error:
        raise RestreamError(f"{error.filename or source.shown}: {error.strerror or error}") from error


def _copy(chunks: Iterator[bytes], copy: IO[bytes]) -> str:
    """Write all chunks, and return their SHA-256."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if size > LARGEST:
            raise RestreamError(f"it has more than {LARGEST // 2**20} MiB, and so is no archive of SRS")
        digest.update(chunk)
        copy.write(chunk)
    return digest.hexdigest()


@contextmanager
def _chunks(source: SrsSource) -> Iterator[Iterator[bytes]]:
    if source.is_url:
        with _download(source) as chunks:
            yield chunks
        return
    place = Path(source.place)
    if not stat.S_ISREG(place.stat().st_mode):
        raise RestreamError(f"{place} is not a file")
    with place.open("rb") as file:
        yield iter(lambda: file.read(_CHUNK), b"")


@contextmanager
def _download(source: SrsSource) -> Iterator[Iterator[bytes]]:
    from restream_agent.base.http_library import httpx  # 0.1 s, which nothing else here needs

    def require_https(request: httpx.Request) -> None:
        if request.url.scheme != "https":
            raise RestreamError(f"{source.shown} leads to {request.url.host} without https")

    # The machine's certificate authorities; httpx would use a list of its own. It honours HTTPS_PROXY.
    client = httpx.Client(
        verify=ssl.create_default_context(),
        headers={"Accept-Encoding": "identity"},  # the checksum is that of the file
        timeout=_TIMEOUT,
        follow_redirects=True,
        max_redirects=_MOST_REDIRECTS,
        event_hooks={"request": [require_https]},
    )
    try:
        with client, client.stream("GET", source.place) as answer:
            if answer.status_code != httpx.codes.OK:
                raise RestreamError(f"{source.shown}: the server answers {answer.status_code}")
            yield answer.iter_raw(_CHUNK)
    except httpx.ConnectError as error:
        raise RestreamError(f"{source.shown} cannot be reached: {error}") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # Its text may quote the URL.
        words = "no answer in time" if isinstance(error, httpx.TimeoutException) else type(error).__name__
        raise RestreamError(
            f"{source.shown}: the download broke off ({words})", hint="nothing was installed; try again"
        ) from None
