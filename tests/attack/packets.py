"""The bytes of an RTMP client, well formed and not. Pure; standard library only.

Adobe's "Real Time Messaging Protocol" 1.0 and "Action Message Format -- AMF 0".
"""

from random import Random

VERSION = b"\x03"
HALF = 1536
"""Bytes of C1, C2, S1 and S2."""

COMMAND, CHUNK_SIZE = 20, 1
LARGE_CHUNK = 65536
NULL, UNDEFINED, OBJECT_END = b"\x05", b"\x06", b"\x00\x00\x09"


def first_half() -> bytes:
    """Return C0 and C1 of the simple handshake."""
    return VERSION + bytes(8) + bytes(range(256)) * 5 + bytes(HALF - 8 - 5 * 256)


def text(words: str) -> bytes:
    """Return an AMF0 string."""
    return b"\x02" + name(words)


def name(words: str) -> bytes:
    """Return the name of an AMF0 property."""
    return len(words.encode()).to_bytes(2) + words.encode()


def number(value: int) -> bytes:
    """Return a small whole AMF0 number."""
    return (
        b"\x00"
        + {0: bytes(8), 1: b"\x3f\xf0" + bytes(6), 2: b"\x40" + bytes(7), 3: b"\x40\x08" + bytes(6)}[value]
    )


def structure(**values: bytes) -> bytes:
    """Return an AMF0 object."""
    return b"\x03" + b"".join(name(key) + value for key, value in values.items()) + OBJECT_END


def nested(levels: int) -> bytes:
    """Return AMF0 objects, each the only property of the one around it."""
    return b"\x03\x00\x01a" * levels + NULL + OBJECT_END * levels


def message(payload: bytes, *, kind: int = COMMAND, stream: int = 0, lane: int = 3, size: int = 128) -> bytes:
    """Return a message in chunks of `size`; `lane` is the chunk stream."""
    head = (
        bytes((lane,)) + bytes(3) + len(payload).to_bytes(3) + bytes((kind,)) + stream.to_bytes(4, "little")
    )
    pieces = (payload[at : at + size] for at in range(0, max(1, len(payload)), size))
    return head + bytes((0xC0 | lane,)).join(pieces)


def chunk_size(size: int) -> bytes:
    """Return the message that announces another chunk size."""
    return message(size.to_bytes(4), kind=CHUNK_SIZE, lane=2)


def connect(address: bytes) -> bytes:
    """Return the payload of `connect`."""
    return text("connect") + number(1) + structure(app=text("live"), tcUrl=address)


def publish(stream: str, address: str = "rtmp://198.51.100.1/live") -> tuple[bytes, bytes]:
    """Return what follows the handshake: the connect, and after its answer everything until a publish.

    nginx-rtmp serves no publish that comes before it has found the application.
    """
    create = text("createStream") + number(2) + NULL
    begin = text("publish") + number(3) + NULL + text(stream) + text("live")
    return message(connect(text(address))), message(create) + message(begin, stream=1)


def odd_lengths() -> tuple[bytes, ...]:
    """Return payloads of `connect` whose lengths and counts promise more than there is."""
    begin = text("connect") + number(1)
    values = (
        b"\x02\xff\xff", b"\x0c\xff\xff\xff\xff", b"\x0c\x7f\xff\xff\xffaaaa", b"\x03\xff\xff",
        b"\x08\xff\xff\xff\xff", b"\x0a\xff\xff\xff\xff", b"\x0a\x00\xff\xff\xff" + NULL * 3000,
        b"\x08\xff\xff\xff\xff\x00\x01a" + NULL, b"\x03" + name("app"), b"\x00\x00", b"",
    )  # fmt: skip
    return tuple(begin + value for value in values)


def odd_types() -> tuple[bytes, ...]:
    """Return payloads of `connect` with every AMF0 marker as its object, and odd names of commands."""
    markers = tuple(text("connect") + number(1) + bytes((marker,)) + bytes(16) for marker in range(256))
    values = (NULL, UNDEFINED, number(1), structure(), b"\x01\x01", text(""), text("x" * 60000), text("\0"))
    names = tuple(value + number(1) + structure(app=text("live")) for value in values)
    apps = tuple(text("connect") + number(1) + structure(app=value, tcUrl=value) for value in values)
    return markers + names + apps


def odd_chunks(random: Random) -> bytes:
    """Return what follows a handshake: chunks with wrong headers, sizes and lengths."""
    pieces = []
    for _ in range(random.randrange(1, 30)):
        pieces.append(random.choice((_any_chunk, _announced, _abandoned, _noise))(random))
    return b"".join(pieces)


def _any_chunk(random: Random) -> bytes:
    head = bytes((random.randrange(256),)) + random.randbytes(random.choice((0, 1, 3, 7, 11, 15)))
    return head + random.randbytes(random.choice((0, 1, 127, 128, 129)))


def _announced(random: Random) -> bytes:
    return chunk_size(random.choice((0, 1, 2, 127, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFF)))


def _abandoned(random: Random) -> bytes:
    kind = random.choice((0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 18, 19, 20, 22, 255))
    return message(
        random.randbytes(random.choice((0, 1, 3, 4, 5, 200))), kind=kind, lane=random.randrange(2, 64)
    )


def _noise(random: Random) -> bytes:
    return random.randbytes(random.randrange(1, 3000))


def unfinished(lane: int, size: int) -> tuple[bytes, bytes]:
    """Return the first chunk of a message of `size` bytes, and one more chunk; chunks have LARGE_CHUNK."""
    head = bytes((lane,)) + bytes(3) + size.to_bytes(3) + bytes((COMMAND,)) + bytes(4)
    return head + bytes(LARGE_CHUNK), bytes((0xC0 | lane,)) + bytes(LARGE_CHUNK)
