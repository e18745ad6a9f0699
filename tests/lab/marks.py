"""Numbers inside coded pictures and sounds, which decoders skip: each is known wherever it arrives. Pure.

H.264 and HEVC carry the number in an SEI message (user data, unregistered), AV1 in a metadata OBU, AAC in a
data stream element. A picture keeps its number when parameters are put into it. Bodies are FLV's.
"""

from collections.abc import Callable

from tests.lab.rtmp import AUDIO, VIDEO

NAME = b"restream-agent/p"  # the 16 bytes of an SEI message's UUID
DIGITS = 10
_MOST = 10**DIGITS
_TEXT = len(NAME) + DIGITS
_HEVC, _AV1 = b"hvc1", b"av01"
_AVC_SLICES = range(1, 6)
_AV1_FRAMES = frozenset((3, 6))  # frame header, frame
_AAC = 0xAF


def mark(kind: int, body: bytes, number: int) -> bytes:
    """Return a coded frame's body with a number in it; a body of another codec comes back as it is."""
    if not 0 <= number < _MOST:
        raise ValueError(f"{number} has more than {DIGITS} digits")
    text = NAME + b"%0*d" % (DIGITS, number)
    if kind == AUDIO and body[0] == _AAC and body[1] == 1:
        # id_syn_ele 4, element_instance_tag 0, data_byte_align_flag 0, count: two whole bytes (ISO 14496-3).
        return body[:2] + bytes((0x80, len(text))) + text + body[2:]
    if kind != VIDEO:
        return body
    if not body[0] & 0x80:
        return _in_units(body, 5, _sei(b"\x06", text), is_slice=lambda head: head & 0x1F in _AVC_SLICES)
    start = 8 if body[0] & 0x0F == 1 else 5  # CodedFrames have a composition time, CodedFramesX none
    if body[1:5] == _HEVC:
        return _in_units(body, start, _sei(b"\x4e\x01", text), is_slice=lambda head: head >> 1 & 0x3F < 32)
    return _in_obus(body, 5, text) if body[1:5] == _AV1 else body


def number_in(body: bytes) -> int | None:
    """Return the number in a body, None without one."""
    at = body.find(NAME)
    digits = body[at + len(NAME) : at + _TEXT]
    return int(digits) if at >= 0 and digits.isdigit() else None


def unit_types(body: bytes) -> list[int]:
    """Return the types of the NAL units in an H.264 body, in their order."""
    return [body[at] & 0x1F for at, _ in _units(body, 5)]


def _sei(header: bytes, text: bytes) -> bytes:
    """Return an SEI unit with its length in front. The text has no zero, so nothing has to be escaped."""
    unit = header + bytes((5, len(text))) + text + b"\x80"
    return len(unit).to_bytes(4) + unit


def _units(body: bytes, start: int) -> list[tuple[int, int]]:
    """Return where each unit begins, after its length, and ends."""
    places = []
    while start + 4 < len(body):
        end = start + 4 + int.from_bytes(body[start : start + 4])
        places.append((start + 4, end))
        start = end
    return places


def _in_units(body: bytes, start: int, unit: bytes, *, is_slice: Callable[[int], bool]) -> bytes:
    """Put a unit before the first slice; delimiter, parameters and other messages stay in front of it."""
    at = next((begin - 4 for begin, _ in _units(body, start) if is_slice(body[begin])), len(body))
    return body[:at] + unit + body[at:]


def _in_obus(body: bytes, start: int, text: bytes) -> bytes:
    """Put a metadata OBU (ITU-T T.35, of a provider that nobody is) before the first frame."""
    payload = b"\x04\xb5la" + text + b"\x80"
    obu = bytes((5 << 3 | 2, len(payload))) + payload
    at = start
    while at < len(body) and body[at] >> 3 & 0x0F not in _AV1_FRAMES:
        size, at = _leb128(body, at + 1)
        at += size
    return body[:at] + obu + body[at:]


def _leb128(body: bytes, position: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 56, 7):
        value |= (body[position] & 0x7F) << shift
        position += 1
        if not body[position - 1] & 0x80:
            break
    return value, position
