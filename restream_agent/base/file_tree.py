"""What is rendered: files and links by path, before any of it is on a disk. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class File:
    """A regular file; `is_secret` keeps its content out of every diff and message."""

    content: str
    mode: int = 0o644
    group: str = "root"
    is_secret: bool = False

    def __repr__(self) -> str:
        """Show everything but a secret."""
        shown = "…" if self.is_secret else f"{len(self.content)} characters"
        return f"File({shown}, mode={self.mode:#o}, group={self.group!r})"


@dataclass(frozen=True)
class Link:
    """A symbolic link."""

    target: str


Tree = dict[str, File | Link]
"""Absolute path, as it is without --root, to what stands there. All of it belongs to root."""
