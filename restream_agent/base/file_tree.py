"""Files and links by path, as rendering makes them before any of them is on a disk. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A regular file; `is_secret` keeps its content out of every diff and message."""

    content: str
    mode: int = 0o644
    group: str = "root"
    is_secret: bool = False

    def __repr__(self) -> str:
        """Show everything but the content."""
        shown = "…" if self.is_secret else f"{len(self.content)} characters"
        return f"File({shown}, mode={self.mode:#o}, group={self.group!r})"


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


Tree = dict[str, File | Link]
"""From the absolute path, without --root, to the file or link there. The owner of each is root."""
