"""Values into unit files: the one place that escapes them.

Source: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers". Whatever is put in
here comes out as data: it can add no option, no directive and no specifier.
"""

import re

_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def value(text: str) -> str:
    """Escape text for a directive that is one line of words (Description=).

    Specifiers are disarmed; control characters, a line break among them, become spaces.
    """
    return "".join(" " if ord(one) < 32 or ord(one) == 127 else one for one in text).replace("%", "%%")


def command(argv: tuple[str, ...]) -> str:
    """Write an argv as an ExecStart= value that systemd reads back as exactly that argv.

    An argument that is `${NAME}/…` with an upper-case name is left for systemd to expand: that is
    how a unit's own directories get in. Raises ValueError for a NUL, which no argv can hold.
    """
    return " ".join(_argument(one) for one in argv)


def _argument(text: str) -> str:
    if "\0" in text:
        raise ValueError("an argument cannot hold a NUL byte")
    variable = re.match(r"\$\{[A-Z_]+\}(?=/)", text)
    head = variable[0] if variable else ""
    tail = text[len(head) :].replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(tail):
        return head + tail
    escaped = "".join(_escape(one) for one in tail)
    return f'"{head}{escaped}"'


def _escape(one: str) -> str:
    if one in _ESCAPES:
        return _ESCAPES[one]
    return f"\\x{ord(one):02x}" if ord(one) < 32 or ord(one) == 127 else one
