"""Edits, applies, restarts in any order: what is on the disk at the end has been applied, once."""

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.base import toml_files
from restream_agent.wire import records
from restream_agent.wire.toml_mark import TomlMark

STEPS = (
    "edit", "edit a platform", "remove the platforms", "touch", "remove", "put back",
    "look", "apply reads", "apply ends", "apply is refused", "apply by hand", "agent restarts",
)  # fmt: skip


@dataclass
class SimulatedMachine:
    """A TOML, an agent's tracker, and restream-apply.service.

    `handed` are the states for which it was started, `read` the contents that applies have read; `reading` is
    what an apply that is running has read.
    """

    home: Path
    handed: list[TomlMark] = field(default_factory=list)
    read: list[dict[str, str]] = field(default_factory=list)
    is_started: bool = False
    reading: TomlMark | None = None
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.source, self.last_read = self.home / "restream.toml", self.home / "last-read"
        self.source.write_text("0")
        self.note(self.state(), applied=True)
        self.tracker = self.new_tracker()

    def new_tracker(self) -> EditTracker:
        return EditTracker(self.source, self.last_read, self.home / "tried")

    def state(self) -> TomlMark:
        return TomlMark.of(toml_files.look(self.source) or {})

    def contents(self) -> dict[str, str]:
        files = filter(Path.exists, toml_files.toml_files(self.source))
        return {file.name: file.read_text() for file in files}

    def note(self, mark: TomlMark, *, applied: bool) -> None:
        self.last_read.write_text(records.to_file(TomlMark(mark.files, applied)))

    def do(self, step: str, choice: int) -> None:
        platforms, away = self.home / "platforms.d", self.home / "away"
        match step:
            case "edit":  # to one of a few contents, so that they come back
                self.source.write_text(str(choice))
            case "edit a platform":
                platforms.mkdir(exist_ok=True)
                (platforms / "club.toml").write_text(str(choice))
            case "remove the platforms":
                (platforms / "club.toml").unlink(missing_ok=True)
            case "touch":
                self.source.touch()
            case "remove" if self.source.exists():
                self.source.rename(away)
            case "put back" if away.exists():
                away.rename(self.source)
            case "look":
                self.look()
            case "agent restarts":
                self.tracker = self.new_tracker()
            case _:
                self.apply(step)

    def look(self) -> None:
        """Do what the agent does when an edit has settled."""
        state = self.tracker.pending()
        if state is not None and not self.is_started:
            assert not self.handed or not self.read or self.contents() != self.read[-1], "it was applied"
            self.handed.append(state)
            self.tracker.note(state)
            self.is_started = True

    def apply(self, step: str) -> None:
        if not self.source.exists():
            return
        if step == "apply by hand" and not self.is_started:
            self.read.append(self.contents())
            self.note(self.state(), applied=True)
        elif step == "apply reads" and self.is_started and self.reading is None:
            self.reading = self.state()
            self.read.append(self.contents())
            self.note(self.reading, applied=False)
        elif step in ("apply ends", "apply is refused") and self.reading is not None:
            self.note(self.reading, applied=step == "apply ends")
            self.reading, self.is_started = None, False


@settings(max_examples=300, deadline=None)
@example([("look", 0), ("edit a platform", 0), ("apply by hand", 0), ("remove the platforms", 0)])
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 2)), max_size=30))
def test_what_is_on_the_disk_is_applied_once(steps: list[tuple[str, int]]) -> None:
    """No content is handed over that the last apply has read, and none is left that no apply has read."""
    with tempfile.TemporaryDirectory() as directory:
        machine = SimulatedMachine(Path(directory))
        for step, choice in steps:
            machine.do(step, choice)
        for step in ("put back", "apply reads", "apply ends", "look", "apply reads", "apply ends"):
            machine.do(step, 0)
        last = machine.read[-1] if machine.read else {"restream.toml": "0"}
        assert machine.contents() == last
        handed = len(machine.handed)
        machine.look()
        assert len(machine.handed) == handed
