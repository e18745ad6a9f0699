"""Escaping of values in unit files. No other module escapes them.

Sources: systemd.service(5), "Command lines", and systemd.unit(5), "Specifiers". systemd reads an escaped
value as plain data: it cannot add an option, a directive or a specifier.
"""

import re

from restream_agent.base.one_line import printable

_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WORD = re.compile(r'"((?:\\.|[^"\\])*)"|([^\s"]+)')
_ESCAPED = re.compile(r"\\(x[0-9a-f]{2}|.)")
_PLAIN_OF = {escape[1]: character for character, escape in _ESCAPES.items()}


def value(text: str) -> str:
    """Return text for a directive whose value is one line of words (Description=), or for a comment.

    A percent sign is doubled, so it begins no specifier. Each character that is not printable becomes a
    space, line breaks of any script included. A backslash at the end gets a space after it, because it would
    join the next line to this one.
    """
    line = printable(text).replace("%", "%%")
    return f"{line} " if line.endswith("\\") else line


def command(argv: tuple[str, ...], *, expanded: frozenset[str] = frozenset()) -> str:
    """Return an ExecStart= value that systemd reads back as exactly this argv.

    Arguments in `expanded` are not escaped: systemd replaces them, for example by the unit's own directory.
    Raises ValueError for a NUL byte.
    """
    if any("\0" in argument for argument in argv):
        raise ValueError("an argument cannot hold a NUL byte")
    program, *arguments = argv
    # systemd expands no variables in the program's path, so a dollar sign needs no escape there.
    words = [_quoted(program.replace("%", "%%"))]
    words += [word if word in expanded else _argument(word) for word in arguments]
    return " ".join(words)


def _argument(text: str) -> str:
    return _quoted(text.replace("%", "%%").replace("$", "$$"))


def _quoted(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f'"{"".join(_escape(character) for character in text)}"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return f"\\x{ord(character):02x}" if ord(character) < 32 or ord(character) == 127 else character


def words(text: str) -> tuple[str, ...]:
    """Return the argv of an ExecStart= value that `command` has made. Variables and specifiers stay."""
    found = [quoted or plain for quoted, plain in _WORD.findall(text)]
    read = [_ESCAPED.sub(_unescaped, word).replace("%%", "%") for word in found]
    return tuple(word if number == 0 else word.replace("$$", "$") for number, word in enumerate(read))


def plain(text: str) -> str:
    """Return the text of a directive that `value` has made."""
    return text.strip().replace("%%", "%")


def _unescaped(found: re.Match[str]) -> str:
    name = found[1]
    return chr(int(name[1:], 16)) if name.startswith("x") else _PLAIN_OF[name]
