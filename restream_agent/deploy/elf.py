"""For which machine an executable of Linux was built, as its first bytes say; elf(5). Pure."""

_MAGIC = b"\x7fELF"
HEADER = 20
"""Bytes that are needed."""

_MACHINES = {
    3: "x86",
    8: "MIPS",
    21: "PowerPC",
    22: "S390",
    40: "32-bit ARM",
    62: "x86-64",
    183: "ARM64",
    243: "RISC-V",
}


def machine_of(header: bytes) -> str:
    """Return the processor in words, and "" if this is no executable of Linux."""
    if len(header) < HEADER or not header.startswith(_MAGIC):
        return ""
    order = "little" if header[5] == 1 else "big"
    number = int.from_bytes(header[18:20], order)  # type: ignore[arg-type]
    bits = {1: " (32 bit)", 2: ""}.get(header[4], "") if number in (8, 243) else ""
    return _MACHINES.get(number, f"a processor with the number {number}") + bits
