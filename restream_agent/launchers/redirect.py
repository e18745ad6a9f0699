"""Where a platform sends its clients that refuses a connection: ffmpeg logs the refusal, and not the address.

Some platforms answer `connect` with NetConnection.Connect.Rejected, the code 302 and another URL. ffmpeg 5.1
and 7.1 log the description alone (measured). The next attempt of the relay asks the platform itself, during
its pause: it sends `connect` as ffmpeg does, and never the key, which belongs to `publish`.
"""

import socket
import ssl
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

from restream_agent.launchers.redact import clean
from restream_agent.rtmp import amf0
from restream_agent.rtmp.chunks import ChunkMessage, ChunkReader, chunked
from restream_agent.rtmp.errors import ProtocolError
from restream_agent.rtmp.handshake import ANSWER, hello, reply

_COMMAND, _COMMAND_CHUNKS = 20, 3
_REDIRECTED = 302
_LONGEST = 200
"""Characters of an address that are shown."""

_PATIENCE = 5.0
"""Seconds for all of it."""

_MOST = 64 * 1024
"""Bytes that a platform may say before it answers."""


def ask(url: str, application: str, secrets: tuple[str, ...]) -> str:
    """Return the address to which a platform redirects, without secrets; "" if it does not so in time."""
    try:
        answer = _connect(url, application)
    except (OSError, ProtocolError, ValueError):
        return ""
    words = clean(target(answer).partition("?")[0], secrets).split()
    return words[0][:_LONGEST] if words else ""


def target(answer: list[amf0.Value]) -> str:
    """Return the address in an answer to `connect`; "" if there is none."""
    reason = answer[3] if len(answer) > 3 and answer[0] == "_error" else None
    details = reason.get("ex") if isinstance(reason, Mapping) else None
    if not isinstance(details, Mapping) or details.get("code") != _REDIRECTED:
        return ""
    address = details.get("redirect")
    return address.strip() if isinstance(address, str) and "://" in address else ""


def _connect(url: str, application: str) -> list[amf0.Value]:
    """Return what the server answers to `connect`."""
    parts = urlsplit(url)
    is_secure = parts.scheme == "rtmps"
    host = parts.hostname or ""
    deadline = time.monotonic() + _PATIENCE
    plain = socket.create_connection((host, parts.port or (443 if is_secure else 1935)), timeout=_PATIENCE)
    with plain:
        if not is_secure:
            return _converse(plain, parts.netloc, parts.scheme, application, deadline)
        with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure:
            return _converse(secure, parts.netloc, parts.scheme, application, deadline)


def _converse(
    server: socket.socket, place: str, scheme: str, application: str, deadline: float
) -> list[amf0.Value]:
    server.sendall(hello())
    heard = b""
    while len(heard) < ANSWER:
        heard += _hear(server, deadline)
    told: dict[str, amf0.Value] = {
        "app": application,
        "type": "nonprivate",
        "tcUrl": f"{scheme}://{place}/{application}",
    }
    command = amf0.encode("connect", 1.0, told)
    server.sendall(reply(heard) + chunked(ChunkMessage(_COMMAND_CHUNKS, _COMMAND, 0, 0, command)))
    chunks, data, length = ChunkReader(), heard[ANSWER:], 0
    while length < _MOST:
        for message in chunks.feed(data):
            values = amf0.decode(message.body) if message.kind == _COMMAND else []
            if values and values[0] in ("_result", "_error"):
                return values
        data = _hear(server, deadline)
        length += len(data)
    return []


def _hear(server: socket.socket, deadline: float) -> bytes:
    server.settimeout(max(0.01, deadline - time.monotonic()))
    data = server.recv(4096)
    if not data:
        raise ConnectionError("the server has closed the connection")
    return data
