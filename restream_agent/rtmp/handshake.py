"""RTMP's handshake, from the client's side: version 3, without digests. Pure.

Source: Adobe's "Real Time Messaging Protocol" 1.0 (2012), section 5.2.
"""

VERSION = b"\x03"

PART = 1536
"""Bytes of C1, C2, S1 and S2 each [5.2.3, 5.2.4]. C0 and S0, the version, are one byte."""

ANSWER = 1 + 2 * PART
"""Bytes of S0, S1 and S2 together."""


def hello() -> bytes:
    """Return C0 and C1. C1 is without time and random bytes, which servers do not check."""
    return VERSION + bytes(PART)


def reply(answer: bytes | bytearray) -> bytes:
    """Return C2 for a server's S0, S1 and S2: it repeats S1."""
    return bytes(answer[1 : 1 + PART])
