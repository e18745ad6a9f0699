"""Escaped values are plain data to an independent reader of systemd's rules."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.systemd import escaping
from restream_agent.systemd.escaping import command, value

_SIMPLE = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\",
    '"': '"', "'": "'", "s": " ",
}  # fmt: skip


def words(line: str) -> list[str]:
    """Split a command line as systemd.syntax(7), "Quoting", says: spaces, both quotes, C escapes."""
    pieces: list[bytearray] = []
    quote, is_inside, at = "", False, 0
    while at < len(line):
        character = line[at]
        at += 1
        if not is_inside and character not in " \t":
            pieces.append(bytearray())
            is_inside = True
        if character == "\\":
            data, at = unescaped(line, at)
            pieces[-1] += data
        elif character == quote:
            quote = ""
        elif not quote and character in "\"'":
            quote = character
        elif not quote and character in " \t":
            is_inside = False
        else:
            pieces[-1] += character.encode()
    assert not quote, "an unbalanced quote: systemd ignores the line"
    return [word.decode() for word in pieces]


def unescaped(line: str, at: int) -> tuple[bytes, int]:
    """Return the bytes of the escape whose letter is at `at`, and the place after it."""
    if line[at] == "x":
        return bytes([int(line[at + 1 : at + 3], 16)]), at + 3
    return _SIMPLE[line[at]].encode(), at + 1


def specified(text: str) -> str:
    """Undo doubled percent signs; any other specifier is an error."""
    assert "%" not in text.replace("%%", ""), "a specifier"
    return text.replace("%%", "%")


def expanded(word: str) -> str:
    """Undo doubled dollar signs, see systemd.service(5); any other variable is an error."""
    assert "$" not in word.replace("$$", ""), "a variable"
    return word.replace("$$", "$")


def read_back(line: str) -> list[str]:
    """Return the argv that systemd reads from an ExecStart= value without a special prefix."""
    program, *arguments = words(line)
    return [specified(program), *(expanded(specified(argument)) for argument in arguments)]


ARGUMENTS = st.lists(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    | st.text("%$\\\"'{} \n\t\r;-x0aé", max_size=8)
)


@given(ARGUMENTS)
def test_systemd_reads_back_exactly_the_argv(arguments: list[str]) -> None:
    """Quotes, blanks, line breaks, backslashes, specifiers and variables come back unchanged."""
    argv = ("/usr/bin/ffmpeg", *arguments)
    assert read_back(command(argv)) == list(argv)


@given(ARGUMENTS)
def test_a_command_is_one_line_without_control_characters(arguments: list[str]) -> None:
    """No argument can begin a directive or join the next line to this one."""
    line = command(("/usr/bin/ffmpeg", *arguments))
    assert not re.search(r"[\x00-\x1f\x7f]", line)
    assert not line.endswith("\\")


@given(st.text("/ab%$ @+-!:|\"'\\"))
def test_the_programs_path_is_read_back_too(path: str) -> None:
    """A dollar sign in it is never a variable; special prefixes cannot begin an absolute path."""
    assert read_back(command((f"/{path}",))) == [f"/{path}"]


@pytest.mark.parametrize("argument", [";", "a;b"])
def test_a_semicolon_does_not_end_the_command(argument: str) -> None:
    """A semicolon alone would begin a second command; a quoted one is an argument (systemd.service(5))."""
    assert f'"{argument}"' in command(("/bin/true", argument))


def test_what_is_to_be_expanded_is_left_alone() -> None:
    """Only arguments in `expanded` are left alone, not a user's argument that looks like a variable."""
    key = "${RUNTIME_DIRECTORY}/key"
    assert command(("/bin/true", key), expanded=frozenset({key})) == f"/bin/true {key}"
    assert command(("/bin/true", key)) == '/bin/true "$${RUNTIME_DIRECTORY}/key"'


def test_a_nul_byte_is_refused() -> None:
    """An argv cannot hold a NUL byte."""
    with pytest.raises(ValueError, match="NUL"):
        command(("/bin/true", "a\0b"))


@given(st.text())
def test_a_value_is_one_line_in_which_no_specifier_is_left(text: str) -> None:
    """It does not end in a backslash either, which would join the next line to this one."""
    line = value(text)
    assert len(line.splitlines()) <= 1
    assert "%" not in line.replace("%%", "")
    assert not line.endswith("\\")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_words_in_a_value_stay_as_they_are(text: str) -> None:
    """Printable text is unchanged, except for the space after a backslash at the end."""
    guard = " " if text.endswith("\\") else ""
    assert value(text).replace("%%", "%") == text + guard


@given(ARGUMENTS)
def test_our_own_reader_returns_the_argv(arguments: list[str]) -> None:
    """What `command` has written, `escaping.words` reads, for those who read our units."""
    argv = ("/opt/a $$b", *arguments)
    assert escaping.words(command(argv)) == argv


def test_our_own_reader_returns_a_path() -> None:
    """What `value` has written."""
    assert escaping.plain(value("/srv/100% mine")) == "/srv/100% mine"
