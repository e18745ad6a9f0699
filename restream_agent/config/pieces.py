"""A TOML in several files: the one file, and platforms in files of their own beside it. Pure.

They are read as one text, one behind the other, so that every check sees the whole. Each is parsed alone
before, so that a mistake in one leaves the others as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from restream_agent.base.errors import Problem
from restream_agent.config.document import Document
from restream_agent.config.keys import dotted
from restream_agent.config.parsing import Parsed, parse
from restream_agent.config.toml_lines import KeyPath, Statement, statements_of

_HINT = "a file here holds platforms: [platforms.NAME], or [channels.NAME.platforms.NAME]"


@dataclass(frozen=True)
class Piece:
    """One file: its name for messages, and its text without a byte order mark. The first is the TOML."""

    source: str
    text: str = field(repr=False)


def parse_pieces(pieces: tuple[Piece, ...]) -> Parsed:
    """Read every file as far as possible; each problem names its own file and the line there."""
    first, *others = [parse(Document(piece.text, piece.source)) for piece in pieces]
    if not others:
        return first
    owners = dict.fromkeys(platform_paths(first.raw or {}), first.document.source)
    each = (first, *(_fitting(other, owners) for other in others))
    problems = tuple(problem for one in each for problem in one.problems)
    gone = frozenset(path for one in each for path in one.gone)
    if any(other.raw is None for other in others):
        gone |= {(*channel, "platforms") for channel in _tables_of_channels(first.raw or {})}
    document = _joined([one.document for one in each])
    if first.raw is None:
        return Parsed(document, None, problems, gone)
    whole = parse(Document(document.text, document.source))  # counts the lines of the whole
    document = replace(document, text=whole.document.text)
    return Parsed(document, whole.raw, (*problems, *map(document.placed, whole.problems)), gone | whole.gone)


def _joined(documents: list[Document]) -> Document:
    """Return the texts one behind the other, each beginning in a line of its own."""
    texts = [text if not text or text.endswith("\n") else f"{text}\n" for text in (d.text for d in documents)]
    before = accumulate(text.count("\n") for text in texts)
    others = tuple(zip((document.source for document in documents[1:]), before, strict=False))
    return Document("".join(texts), documents[0].source, others)


def _fitting(piece: Parsed, owners: dict[KeyPath, str]) -> Parsed:
    """Return a file beside the TOML without what does not belong there, which becomes its problems.

    `owners` has the file of each platform so far; the platforms of this one are added.
    """
    if piece.raw is None:
        return replace(piece, document=_blank(piece.document, 0, None))
    document, found, tables = piece.document, dict[str, Problem](), set[KeyPath]()
    for statement in statements_of(document.text):
        if statement.table not in tables:
            problem = _complaint(statement, document, owners)
            if problem is None:
                continue
            found.setdefault(problem.path, problem)
        # With a header goes all below it: it would belong to the header before.
        tables |= {statement.table} if statement.table else set()
        document = _blank(document, statement.start, statement.end)
    return replace(piece, document=document, problems=(*piece.problems, *found.values()))


def _complaint(statement: Statement, document: Document, owners: dict[KeyPath, str]) -> Problem | None:
    """Return what is wrong with a header or a key at this place, None for nothing."""
    path = statement.path
    platform = path[:4] if path[0] == "channels" else path[:2]
    if platform[-2:-1] != ("platforms",):
        return _problem(statement, document, path, "does not belong in this file", _HINT)
    if not statement.table:
        return _problem(statement, document, path, "needs a header above it", _HINT)
    owner = owners.setdefault(platform, document.source)
    if owner == document.source:
        return None
    return _problem(statement, document, platform, f"is in {owner}, too", "remove one of them")


def _problem(statement: Statement, document: Document, path: KeyPath, message: str, hint: str) -> Problem:
    is_key = statement.value is not None
    span = document.span(statement.path, of_name=is_key) or (statement.start, statement.end)
    return document.at(Problem(document.source, 1, dotted(path), message, hint, column=1), span)


def _blank(document: Document, start: int, end: int | None) -> Document:
    """Return a document of the same length with blanks from one offset to another."""
    text = document.text
    blanks = re.sub(r"[^\n]", " ", text[start:end])
    return replace(document, text=text[:start] + blanks + text[start + len(blanks) :])


def platform_paths(raw: Mapping[str, Any]) -> tuple[KeyPath, ...]:
    """Return where a parsed TOML has platforms."""
    return tuple(
        (*path, "platforms", name)
        for path, table in _tables_of_channels(raw).items()
        if isinstance(table, dict) and isinstance(platforms := table.get("platforms"), dict)
        for name in platforms
    )


def _tables_of_channels(raw: Mapping[str, Any]) -> dict[KeyPath, object]:
    """Return what a parsed TOML says of each channel, the main one included, by its path."""
    channels = raw.get("channels")
    others = channels if isinstance(channels, dict) else {}
    return {(): raw} | {("channels", name): table for name, table in others.items()}
