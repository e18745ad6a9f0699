"""Which state of the TOML was read: `apply` writes it down, and the agent compares. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class FileMark:
    """A file's digest, "" if its reader could not read it, and its time of change in ns since 1970."""

    digest: str
    modified: int


@dataclass(frozen=True)
class TomlMark:
    """The files of the TOML by their path beside it, and whether this state was applied.

    A state that was refused, or whose apply has not ended, is not `applied`.
    """

    files: Mapping[str, FileMark]
    applied: bool = False

    @classmethod
    def of(cls, files: Mapping[str, tuple[str, int]], *, applied: bool = False) -> "TomlMark":
        """Return the mark of what base.toml_files has seen."""
        return cls({name: FileMark(*mark) for name, mark in files.items()}, applied)

    def is_same(self, other: "TomlMark") -> bool:
        """Whether both have the same files with the same content.

        A file that one of the readers could not read is the same if its time of change is.
        """
        return self.files.keys() == other.files.keys() and all(
            _is_same(mark, other.files[name]) for name, mark in self.files.items()
        )

    def is_untouched(self, other: "TomlMark") -> bool:
        """Whether no file was even written in between."""
        return self.files == other.files


def _is_same(one: FileMark, other: FileMark) -> bool:
    if one.digest and other.digest:
        return one.digest == other.digest
    return one.modified == other.modified
