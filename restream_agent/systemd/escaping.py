"""Values into unit files: the one place that escapes them.

Source: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers". Whatever is put in
here comes out as data: it can add no option, no directive and no specifier.
"""

import re

from restream_agent.base.one_line import printable

_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def value(text: str) -> str:
    """Escape text for a directive that is one line of words (Description=), or for a comment.

    Specifiers are disarmed; what is not printable, line breaks of any script among it, becomes a
    space. A backslash at the end, which would join the next line to this one, is kept from it.
    """
    line = printable(text).replace("%", "%%")
    return f"{line} " if line.endswith("\\") else line


def command(argv: tuple[str, ...], *, expanded: frozenset[str] = frozenset()) -> str:
    """Write an argv as an ExecStart= value that systemd reads back as exactly that argv.

    The arguments that are in `expanded` are left for systemd to expand: that is how a unit's own
    directories get in. Raises ValueError for a NUL, which no argv can hold.
    """
    if any("\0" in one for one in argv):
        raise ValueError("an argument cannot hold a NUL byte")
    program, *arguments = argv
    # systemd expands no variable in the program's path, so a dollar there stands for itself.
    words = [_quoted(program.replace("%", "%%"))]
    words += [one if one in expanded else _argument(one) for one in arguments]
    return " ".join(words)


def _argument(text: str) -> str:
    return _quoted(text.replace("%", "%%").replace("$", "$$"))


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f'"{"".join(_escape(one) for one in text)}"'


def _escape(one: str) -> str:
    if one in _ESCAPES:
        return _ESCAPES[one]
    return f"\\x{ord(one):02x}" if ord(one) < 32 or ord(one) == 127 else one
