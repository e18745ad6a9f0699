"""What differs between two trees of files, and the difference in words. Pure."""

import difflib
from dataclasses import dataclass

from restream_agent.base.file_tree import File, Link, Tree

_NOTHING = "/dev/null"
"""The name that a unified diff gives to a file that does not exist."""


@dataclass(frozen=True)
class Change:
    """One path whose entry differs; None stands for a path where nothing is."""

    path: str
    before: File | Link | None
    after: File | Link | None

    @property
    def kind(self) -> str:
        """Return "create", "update" or "delete"."""
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"

    def inverse(self) -> "Change":
        """Return the change that undoes this change."""
        return Change(self.path, self.after, self.before)


def compare(current: Tree, desired: Tree) -> tuple[Change, ...]:
    """Return the changes that lead from one tree to the other, by path.

    `current` holds what exists at every path that is desired or that an earlier apply has written.
    """
    entries = (Change(path, current.get(path), desired.get(path)) for path in sorted({*current, *desired}))
    return tuple(change for change in entries if change.before != change.after)


def describe(changes: tuple[Change, ...]) -> str:
    """Return the changes as a unified diff. A secret is not shown; the diff says only that it changes."""
    return "".join(_description(change) for change in changes)


def _description(change: Change) -> str:
    entries = (change.before, change.after)
    if any(isinstance(entry, File) and entry.is_secret for entry in entries):
        return f"--- {change.path}\n+++ {change.path}\n@@ {change.kind}: holds a secret, not shown @@\n"
    text = "".join(
        difflib.unified_diff(
            _lines(change.before),
            _lines(change.after),
            _NOTHING if change.before is None else change.path,
            _NOTHING if change.after is None else change.path,
        )
    )
    return text or f"--- {change.path}\n+++ {change.path}\n@@ {_attributes(change)} @@\n"


def _lines(entry: File | Link | None) -> list[str]:
    if entry is None:
        return []
    text = entry.content if isinstance(entry, File) else f"link to {entry.target}"
    return [line if line.endswith("\n") else f"{line}\n" for line in text.splitlines(keepends=True)]


def _attributes(change: Change) -> str:
    if isinstance(change.before, File) and isinstance(change.after, File):
        old, new = change.before, change.after
        return f"mode {old.mode:04o} to {new.mode:04o}, group {old.group} to {new.group}"
    return "replaced"
