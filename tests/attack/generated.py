"""Generated hook requests, each as the bytes of one HTTP request. Pure; standard library only.

Some have the right token, as only the ingest server does; everything else in them may be wrong. None has the
right key, so that none may change anything.
"""

import json
from random import Random
from urllib.parse import quote

PATHS = ("/api/on_publish", "/api/on_unpublish", "/api/on_play", "/api/status", "/healthz", "/metrics", "/")
SRS = {
    "server_id": "vid-1", "service_id": "1", "action": "on_publish", "client_id": "c1", "ip": "203.0.113.9",
    "vhost": "__defaultVhost__", "app": "live", "tcUrl": "rtmp://h/live", "stream": "main",
    "param": "?key=wrong", "stream_url": "/live/main", "stream_id": "vid-2",
}  # fmt: skip
NGINX = {
    "app": "live", "flashver": "LNX 9,0", "tcurl": "rtmp://h/live", "addr": "203.0.113.9", "clientid": "1",
    "call": "publish", "name": "main", "type": "live", "key": "wrong",
}  # fmt: skip
ODD: tuple[object, ...] = (
    None, True, -1, 1e308, 10**400, "", "\0", "\ud800", "ü漢🎬", "a" * 5000, "../../etc/passwd", "%n%s", "-o",
    "main\nx", [], [[]], {}, {"a": {"b": []}},
)  # fmt: skip
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
TYPES = (
    JSON,
    FORM,
    "text/plain",
    "",
    f"{JSON}; charset=utf-16",
    f"{FORM};;;",
    "\x80\xff",
    "multipart/form-data",
)


def generate(random: Random, token: str) -> bytes:
    """Return one request; about two in three have the right token."""
    kind, body = random.choice((_json, _form, _noise))(random)
    path = random.choice(PATHS[:3]) if random.random() < 0.9 else random.choice(PATHS)
    given = token if random.random() < 0.67 else random.choice(("", token[:-1], f"{token}x", "%00", "ü"))
    method = "POST" if random.random() < 0.95 else random.choice(("GET", "PUT", "HEAD", "BREW", ""))
    if random.random() < 0.1:
        kind = random.choice(TYPES)
    host = random.choice(("localhost", "", "x" * 300))
    head = f"{method} {path}?token={quote(given)} HTTP/1.1\r\nHost: {host}\r\n"
    return _message(random, head.encode() + f"Content-Type: {kind}\r\n".encode("latin-1"), body)


def _message(random: Random, head: bytes, body: bytes) -> bytes:
    """Frame the body, correctly in most cases."""
    choice = random.random()
    if choice < 0.8:
        return head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    if choice < 0.87:
        chunks = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
    if choice < 0.9:
        return head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + body
    if choice < 0.93:
        return (
            head
            + f"Content-Length: {random.choice((-1, 'x', 10**20, len(body) // 2))}\r\n\r\n".encode()
            + body
        )
    if choice < 0.96:
        return head + b"X: " + b"y" * random.randrange(100_000) + b"\r\n\r\n" + body
    whole = head + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
    return whole[: random.randrange(len(whole))]


def _json(random: Random) -> tuple[str, bytes]:
    values: dict[str, object] = dict(SRS)
    for _ in range(random.randrange(4)):
        values[random.choice((*SRS, "extra"))] = random.choice(ODD)
    if random.random() < 0.03:
        values["action"] = "on_unpublish"
    if random.random() < 0.1:
        del values[random.choice(tuple(values))]
    if random.random() < 0.02:
        return JSON, b"[" * random.randrange(15_000)
    return JSON, _bent(random, json.dumps(values).encode())


def _form(random: Random) -> tuple[str, bytes]:
    values: list[tuple[str, str]] = list(NGINX.items())
    for _ in range(random.randrange(4)):
        values.append((random.choice((*NGINX, "")), str(random.choice(ODD))))
    random.shuffle(values)
    if random.random() < 0.05:
        values = [(f"f{number}", "") for number in range(random.randrange(2000))]
    text = "&".join(f"{name}={quote(value, errors='replace')}" for name, value in values)
    return FORM, _bent(random, text.encode())


def _noise(random: Random) -> tuple[str, bytes]:
    size = random.choice((0, 1, 100, 1000, 16 * 1024, 16 * 1024 + 1, 70_000))
    return random.choice((JSON, FORM)), random.randbytes(size)


def _bent(random: Random, body: bytes) -> bytes:
    """Damage a body in one case of three."""
    choice = random.random()
    if choice < 0.1:
        return body[: random.randrange(len(body) + 1)]
    if choice < 0.2:
        at = random.randrange(len(body) + 1)
        return body[:at] + random.randbytes(random.randrange(1, 9)) + body[at:]
    if choice < 0.3:
        return body.decode().encode(random.choice(("utf-16", "utf-32", "utf-7")))
    return body
