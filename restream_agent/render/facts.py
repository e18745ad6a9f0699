"""What rendering needs to know about the machine, and a module without templates can collect. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Programs:
    """The paths of what the units run, and of nginx's module.

    `code` are the directories outside /usr that this Python and restream-agent are in.
    """

    python: str
    code: tuple[str, ...] = ()
    ffmpeg: str
    server_binary: str
    nginx_rtmp_module: str


@dataclass(frozen=True, kw_only=True)
class Facts(Programs):
    """What rendering needs to know about the machine.

    `source` is the TOML's path. `encrypted` names the credentials that are stored encrypted.
    `ffmpeg_obstacles` has the codecs that this ffmpeg cannot carry, each with the reason; `has_marks` says
    that it can print marks (stream/marks.py).
    """

    source: str
    hook_token: str
    encrypted: frozenset[str] = frozenset()
    ffmpeg_obstacles: Mapping[str, str] = field(default_factory=dict)
    has_marks: bool = True

    def __repr__(self) -> str:
        """Show the source alone: the hook token is a secret."""
        return f"Facts(source={self.source!r})"
