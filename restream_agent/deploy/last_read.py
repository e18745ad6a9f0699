"""What apply notes for the agent: which state of the TOML it has read, and whether it was applied."""

import grp
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from restream_agent.base import files, paths, toml_files
from restream_agent.base.file_tree import File
from restream_agent.base.target import TargetMachine
from restream_agent.config import file
from restream_agent.systemd import unit_names
from restream_agent.wire import records
from restream_agent.wire.toml_mark import TomlMark


@dataclass(frozen=True)
class TomlReading:
    """A state of the TOML that an apply is about to read.

    `mark` is None if the file is not the one that the agent watches. `is_by_systemd` says that
    restream-apply.service reads it. Nobody sees a refusal by hand but who gave the command, so only the
    service notes what it did not apply.
    """

    target: TargetMachine
    mark: TomlMark | None
    is_by_systemd: bool

    @classmethod
    def of(cls, target: TargetMachine, given: Path | None) -> "TomlReading":
        """Look at the TOML, before it is read: what changes after that look is another state."""
        path = file.config_path(target.root, given)
        is_usual = path == files.locate(target.root, paths.CONFIG)
        looked = toml_files.look(path) if is_usual else None
        mark = None if looked is None else TomlMark.of(looked)
        return cls(target, mark, is_by_systemd="NOTIFY_SOCKET" in os.environ)

    def is_only_touched(self) -> bool:
        """Whether systemd applies a file that was written again, with the content that is applied already.

        The agent cannot tell a touch from an edit where only root can read the TOML.
        """
        last = read(self.target.root)
        if self.mark is None or last is None or not (self.is_by_systemd and last.applied):
            return False
        is_interrupted = files.locate(self.target.root, paths.UNFINISHED).exists()
        return not is_interrupted and last.is_same(self.mark) and not last.is_untouched(self.mark)

    def begin(self) -> None:
        """Note that systemd's apply has read this state; RestreamError if it cannot be noted."""
        if self.is_by_systemd:
            self._write(is_applied=False)

    def end(self) -> None:
        """Note that this state is applied; RestreamError if it cannot be noted."""
        self._write(is_applied=True)

    def _write(self, *, is_applied: bool) -> None:
        if self.mark is None:
            return
        text = records.to_file(replace(self.mark, applied=is_applied))
        # Who may not read the TOML may not try what its digest fits.
        group = unit_names.AGENT_USER if self.target.is_this_machine else "root"
        with suppress(KeyError):  # before the first apply there is no agent
            grp.getgrnam(group)
            files.write(self.target.root, paths.LAST_READ, File(text, mode=0o640, group=group))


def read(root: Path) -> TomlMark | None:
    """Return what the last apply has noted; None if there is nothing to read."""
    with suppress(OSError, ValueError, TypeError):
        return records.parse(TomlMark, files.locate(root, paths.LAST_READ).read_text())
    return None
