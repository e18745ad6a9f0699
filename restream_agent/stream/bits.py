"""Bits of decoder parameters, most significant first. Pure."""


class Bits:
    """Reads a few hundred bytes bit by bit; IndexError beyond their end."""

    def __init__(self, data: bytes) -> None:
        self._left = len(data) * 8
        self._value = int.from_bytes(data, "big")

    def take(self, count: int) -> int:
        """Return the number in the next `count` bits."""
        self._left -= count
        if self._left < 0:
            raise IndexError
        return self._value >> self._left & ((1 << count) - 1)

    def skip(self, count: int) -> None:
        """Pass over so many bits."""
        self.take(count)

    def golomb(self) -> int:
        """Return the next Exp-Golomb number, ue(v) in ITU-T H.264, 9.1, and uvlc() in AV1."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        """Return the next signed Exp-Golomb number, se(v) in ITU-T H.264, 9.1."""
        number = self.golomb()
        return (number + 1) // 2 if number & 1 else -number // 2


def unescaped(unit: bytes) -> bytes:
    """Return a NAL unit without its emulation prevention bytes (ITU-T H.264, 7.4.1)."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")
