"""The command lines of restream-agent in everything that people read."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
PROGRAM = "restream-agent"


def files_below(place: Path) -> list[Path]:
    """Return the files of a tree, but for what Python has compiled."""
    return sorted(path for path in place.rglob("*") if path.is_file() and "__pycache__" not in path.parts)


MARKDOWN = [PROJECT / f"{name}.md" for name in ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")]
MARKDOWN += sorted((PROJECT / "docs").glob("*.md"))
MAN_PAGES = sorted((PROJECT / "share/man").rglob("*.[15]"))
EXAMPLES = files_below(PROJECT / "examples")

INLINE = re.compile(r"`([^`]+)`")
PARAGRAPH = re.compile(r"\n\s*\n|\n(?=\||#|- |\d+\. )")
BLOCK = re.compile(r"(?<=\n\n)(?: {4,}.*\n)+")
FENCE = re.compile(r"^```.*\n((?:(?!```).*\n)*)^```$", re.MULTILINE)
IN_COMMENT = re.compile(r"(?:^#  +|# .*: )(restream-agent .*)$", re.MULTILINE)
BOLD = re.compile(r"\\fB(.*?)\\fP", re.DOTALL)
EXAMPLE = re.compile(r"^\.EX\n(.*?)^\.EE", re.MULTILINE | re.DOTALL)
ALTERNATIVES = re.compile(r"(?<=\s)[\w-]+(?:\|[\w-]+)+")
ROFF = {r"\-": "-", r"\~": " ", r"\(dq": '"', r"\(aq": "'", r"\&": "", r"\(rs": "\\"}


@dataclass(frozen=True)
class CommandLine:
    """The words behind the program's name, and where they stand.

    `is_complete` says that it stands in a block, to be typed as it is; else a sentence names it, perhaps
    without its arguments.
    """

    source: str
    words: tuple[str, ...]
    is_complete: bool

    def __str__(self) -> str:
        return f"{self.source}: {' '.join(self.words)}"


def command_lines() -> list[CommandLine]:
    """Return every command line once for each file that has it."""
    found = [
        CommandLine(path.relative_to(PROJECT).as_posix(), words, is_complete)
        for path in (*MARKDOWN, *MAN_PAGES, *EXAMPLES)
        for text, is_complete in snippets(path)
        for words in calls(text)
    ]
    return list(dict.fromkeys(found))


def snippets(path: Path) -> Iterator[tuple[str, bool]]:
    """Yield what a file shows as code, and whether it is a line of a block."""
    text = path.read_text()
    if path in MAN_PAGES:
        text = plain(text)
        yield from ((found, False) for found in BOLD.findall(text))
        yield from ((line, True) for block in EXAMPLE.findall(text) for line in block.splitlines())
        return
    # A sentence may break inside code; a lone backtick spoils its own paragraph alone.
    for paragraph in PARAGRAPH.split(FENCE.sub("", text)):
        yield from ((" ".join(found.split()), False) for found in INLINE.findall(paragraph))
    if path in EXAMPLES:
        yield from ((line, True) for line in IN_COMMENT.findall(text))
        return
    for block in (*BLOCK.findall(text), *FENCE.findall(text)):
        yield from ((line, True) for line in typed(block))


def typed(block: str) -> list[str]:
    """Return the lines of a block that are typed: with a prompt, if any has one."""
    lines = [line.strip() for line in block.splitlines()]
    with_prompt = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return with_prompt or lines


def plain(text: str) -> str:
    """Return roff without its escapes, but for those of bold."""
    for escape, letter in ROFF.items():
        text = text.replace(escape, letter)
    return text


def calls(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the words of each call of the program in a line of shell."""
    alternatives = ALTERNATIVES.search(text)
    if alternatives is not None:
        for word in alternatives[0].split("|"):
            yield from calls(text.replace(alternatives[0], word))
        return
    for words in commands_in(text):
        name, *rest = [word for word in words if word != "sudo"] or [""]
        if name.rpartition("/")[2] == PROGRAM and rest:
            yield tuple(word for word in rest if word not in ("…", "..."))


def commands_in(text: str) -> Iterator[list[str]]:
    """Yield the words of each command of a line, up to a redirection."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if set(word) <= set("|&;<>"):
                yield words
                words = []
            else:
                words.append(word)
    except ValueError:  # an apostrophe of a sentence, which is no quote
        return
    yield words
