"""Bits of decoder parameters for tests, most significant first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """Bits that were written; `+` puts others behind them."""

    bits: str = ""

    def __add__(self, other: "Written") -> "Written":
        return Written(self.bits + other.bits)

    def as_bytes(self) -> bytes:
        """Return the bits, filled up with zeros."""
        filled = self.bits + "0" * (-len(self.bits) % 8)
        return int("1" + filled, 2).to_bytes(len(filled) // 8 + 1, "big")[1:]


def u(count: int, *numbers: int) -> Written:
    """Write numbers of so many bits each."""
    return Written("".join(f"{number:0{count}b}" for number in numbers))


def ue(*numbers: int) -> Written:
    """Write Exp-Golomb numbers (ITU-T H.264, 9.1)."""
    return Written("".join("0" * ((number + 1).bit_length() - 1) + f"{number + 1:b}" for number in numbers))


def se(*numbers: int) -> Written:
    """Write signed Exp-Golomb numbers."""
    return ue(*(2 * number - 1 if number > 0 else -2 * number for number in numbers))
