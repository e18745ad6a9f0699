"""Where a command works: this machine, or a directory that stands for another machine's root."""

from dataclasses import dataclass
from pathlib import Path

_MACHINE_ROOT = Path("/")


@dataclass(frozen=True)
class TargetMachine:
    """The root directory that files are read and written below, made once from --root."""

    root: Path = _MACHINE_ROOT

    @property
    def is_this_machine(self) -> bool:
        """Whether the files belong to the machine that runs us.

        Only then is systemd asked for anything, and only then do this machine's accounts, groups,
        programs and encryption matter. Below another root, files are written and nothing else is done.
        """
        return self.root == _MACHINE_ROOT

    def command(self, words: str) -> str:
        """Return a command line of ours for this target, to be typed: "restream-agent check --root DIR"."""
        return f"restream-agent {words}" + ("" if self.is_this_machine else f" --root {self.root}")


THIS_MACHINE = TargetMachine()
