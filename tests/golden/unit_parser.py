"""A reader of unit files that shares no code with the writer.

Written from systemd.syntax(7) and systemd.service(5).
"""

C_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "s": " ", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
PREFIXES = "@-:+!"


def directives(text: str) -> list[tuple[str, str, str]]:
    """Return (section, key, value) of each assignment; ValueError for any other line."""
    assignments: list[tuple[str, str, str]] = []
    section, joined = "", ""
    for raw in text.split("\n"):
        line = raw.strip(" \t\r")
        if line.startswith(("#", ";")) or (not line and not joined):
            continue
        if _ends_in_odd_backslashes(raw):
            joined += raw[:-1] + " "
            continue
        line, joined = (joined + raw).strip(" \t\r"), ""
        if not line:
            continue
        if line.startswith("["):
            section = line
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise ValueError(f"not an assignment: {line!r}")
        assignments.append((section, key.strip(), value.strip()))
    if joined:
        raise ValueError("the file ends in a continued line")
    return assignments


def _ends_in_odd_backslashes(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def split(value: str) -> list[str]:
    """Split a command line into words, and undo quotes and C escapes."""
    words: list[str] = []
    position = 0
    while position < len(value):
        if value[position] in " \t":
            position += 1
            continue
        word, position = _word(value, position)
        words.append(word)
    return words


def _word(value: str, position: int) -> tuple[str, int]:
    word, quote = "", ""
    while position < len(value):
        character = value[position]
        if character == "\\":
            piece, position = _escaped(value, position + 1)
            word += piece
            continue
        position += 1
        if quote and character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
        elif not quote and character in " \t":
            return word, position
        else:
            word += character
    if quote:
        raise ValueError(f"an open quote: {value!r}")
    return word, position


def _escaped(value: str, position: int) -> tuple[str, int]:
    character = value[position]
    if character == "x":
        return chr(int(value[position + 1 : position + 3], 16)), position + 3
    return C_ESCAPES.get(character, character), position + 1


def argv(value: str, variables: dict[str, str]) -> list[str]:
    """Return the argv of a command line, with specifiers and variables expanded as systemd does.

    ValueError for an unknown specifier or variable: no template has it on purpose.
    """
    words = split(value)
    if words[0][0] in PREFIXES or ";" in value.split(" "):
        raise ValueError(f"a prefix or a second command: {value!r}")
    program, *arguments = (_specifiers(word) for word in words)
    return [program, *(_variables(argument, variables) for argument in arguments)]


def _specifiers(word: str) -> str:
    pieces = word.split("%%")
    if any("%" in piece.replace("%i", "") for piece in pieces):
        raise ValueError(f"a specifier: {word!r}")
    return "%".join(pieces)


def _variables(word: str, variables: dict[str, str]) -> str:
    pieces = []
    for piece in word.split("$$"):
        for name, value in variables.items():
            piece = piece.replace(f"${{{name}}}", value)  # noqa: PLW2901 - built up name by name
        if "$" in piece:
            raise ValueError(f"a variable: {word!r}")
        pieces.append(piece)
    return "$".join(pieces)
