"""A TOML text with its files' names: turns a key's path into a problem with place, excerpt and rule. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

from restream_agent.base.errors import Problem
from restream_agent.config.keys import dotted
from restream_agent.config.rules import is_said, rule_of
from restream_agent.config.toml_lines import KeyPath, KeyPlace, Span, key_places

ENTRY = re.compile(r"(?P<key>.+)\[(?P<index>[0-9]+)\]")
"""How a problem's path names an entry of a list: fallback.video[1]."""


@dataclass(frozen=True)
class Document:
    """What the TOML says, word by word, and its file's name for messages.

    The text may hold keys: no repr and no problem shows it. A text of several files, one behind the other,
    has the further ones in `others`: the name of each, and how many lines of the text come before it.
    """

    text: str = field(repr=False)
    source: str
    others: tuple[tuple[str, int], ...] = ()

    def problem(
        self, path: KeyPath, message: str, hint: str = "", *, rule: str | None = None, of_name: bool = False
    ) -> Problem:
        """Return a problem of a key or table, or of its nearest written parent.

        It points at the value or the header, or at the key's name if `of_name` says so. Without `rule` the
        rule is that of the key.
        """
        said = rule_of(path) if rule is None else rule
        said = "" if is_said(said, message) else said
        problem = Problem(self.source, 1, dotted(path), message, hint, column=1, rule=said)
        span = self.span(path, of_name=of_name)
        return problem if span is None else self.at(problem, span)

    def span(self, path: KeyPath, *, of_name: bool = False) -> Span | None:
        """Return where a key or table is written, or else its nearest parent; None if neither is."""
        place = self._places.get(path)
        if place is not None:
            return place.name if of_name else place.content
        parents = (self._places.get(path[:length]) for length in range(len(path) - 1, 0, -1))
        return next((parent.content for parent in parents if parent is not None), None)

    def at(self, problem: Problem, span: Span, *, key: str = "") -> Problem:
        """Return the problem with its line, its column and what the line says.

        `key` is the key whose value goes on in a line without it.
        """
        from restream_agent.config.excerpts import excerpt  # a file without problems does not pay for it

        number = bisect_right(self._starts, span[0]) - 1
        line, start = self._lines[number].rstrip(), self._starts[number]
        marked = span[0] - start, min(span[1] - start, len(line))
        shown = excerpt(line, marked, key=key)
        return self.placed(replace(problem, line=number + 1, column=marked[0] + 1, excerpt=shown))

    def placed(self, problem: Problem) -> Problem:
        """Return a problem of a line of the whole text with the file of that line, and its line there."""
        for name, before in reversed(self.others):
            if problem.line > before:
                return replace(problem, source=name, line=problem.line - before)
        return problem

    def in_order(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return problems in the order of the files and their lines."""
        names = (self.source, *(name for name, _ in self.others))
        order = {name: number for number, name in enumerate(names)}
        return tuple(sorted(problems, key=lambda each: (order.get(each.source, 0), each.line, each.column)))

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a place that is counted from 1, as tomllib counts."""
        return self._starts[min(line, len(self._starts)) - 1] + column - 1

    def located(self, problems: Iterable[Problem]) -> tuple[Problem, ...]:
        """Return problems of what the TOML refers to, each with the place of its key, in the text's order.

        A problem of an entry of a list has a path such as `fallback.video[1]`.
        """
        found = (
            problem if problem.line or not problem.path else self._locate(problem) for problem in problems
        )
        return self.in_order(found)

    def _locate(self, problem: Problem) -> Problem:
        entry = ENTRY.fullmatch(problem.path)
        key = entry["key"] if entry else problem.path
        path: KeyPath = tuple(key.split("."))
        found = replace(problem, path=key, line=1, column=1)
        whole, part = self.span(path), self._places.get((*path, int(entry["index"]))) if entry else None
        if whole is None:
            return found
        if part is None:
            return self.at(found, whole)
        is_apart = "\n" in self.text[whole[0] : part.content[0]]
        return self.at(found, part.content, key=str(path[-1]) if is_apart else "")

    @cached_property
    def _places(self) -> dict[KeyPath, KeyPlace]:
        return key_places(self.text)

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        """The offset of each line's first character."""
        return list(accumulate((len(line) + 1 for line in self._lines[:-1]), initial=0))
