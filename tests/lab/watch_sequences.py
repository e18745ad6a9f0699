"""Random sequences of editor-like operations under the real watcher: real directories, real inotify.

Run as `python -m tests.lab.watch_sequences [--times 1000] [--seed 1]`. In each, the agent's watch runs on a
directory of its own, with short quiet times and a stand-in for `apply` that notes what it applies. What is
on the disk when the hands rest must have been applied, each content once, and nothing in between.
"""

import argparse
import asyncio
import itertools
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from watchdog.observers.inotify_move_event_grouper import InotifyMoveEventGrouper

from restream_agent.agent.edit_applier import EditApplier
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.agent.edit_watch import EditWatch, WatchPace
from restream_agent.base import toml_files
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire import records
from restream_agent.wire.toml_mark import TomlMark
from tests.lab.editor_operations import QUICK, SLOW, Desk

PACE = WatchPace(quiet=0.4, patience=30.0, every=0.5)
AT_ONCE = 50
_GROUPS = (2, 5)
_OPERATIONS = (1, 3)
_DEADLINE = 20.0
"""Seconds within which an edit is applied on a busy machine. Only says when to stop waiting."""

Contents = dict[str, str] | None


@dataclass
class ApplyUnit:
    """A stand-in for systemd with restream-apply.service: reads the TOML some time after its start."""

    desk: Desk
    last_read: Path
    applied: list[Contents] = field(default_factory=list)
    is_running: bool = False
    runs: list["asyncio.Task[None]"] = field(default_factory=list)

    def bind(self) -> None:
        """Take the running loop, in which applies run."""
        self._loop = asyncio.get_running_loop()

    def active(self, *_: str) -> dict[str, str]:
        """Return the unit's state, as Systemd does."""
        return {unit_names.APPLY_UNIT: "activating"} if self.is_running else {}

    def change(self, *_: object, **__: object) -> None:
        """Start an apply, as Systemd does."""
        self.is_running = True
        self._loop.call_soon_threadsafe(lambda: self.runs.append(asyncio.create_task(self._apply())))

    async def _apply(self) -> None:
        pauses = [self.desk.chance.random() * PACE.quiet for _ in range(2)]
        await asyncio.sleep(pauses[0])
        mark = TomlMark.of(toml_files.look(self.desk.source) or {}, applied=True)
        last = records.parse(TomlMark, self.last_read.read_text())
        if not last.is_same(mark) or last.is_untouched(mark):  # as in deploy/last_read.py
            self.applied.append(self.desk.contents())
        await asyncio.sleep(pauses[1])
        self.last_read.write_text(records.to_file(mark))
        self.is_running = False


@dataclass
class Course:
    """What happened in a sequence: what rested on the disk after each group of operations, what was applied.

    `names` are the operations, `torn` the texts that were never complete. If `is_slow`, the machine was too
    slow for exact statements.
    """

    seed: int
    rested: list[Contents]
    applied: list[Contents]
    names: list[str]
    is_slow: bool = False
    torn: set[str] = field(default_factory=set)

    @property
    def expected(self) -> list[Contents]:
        """What rested on the disk, one after the other; the first is there from the beginning."""
        return [contents for contents, _ in itertools.groupby(self.rested)]

    @property
    def is_exact(self) -> bool:
        """Whether each content that rested was applied once, and nothing else was."""
        return self.applied == self.expected[1:]

    def complaint(self) -> str:
        """Return what is wrong; "" if each content was applied once."""
        expected = self.expected
        if self.is_exact:
            return ""
        texts = {text for contents in self.applied for text in (contents or {}).values()}
        once = [contents for contents, _ in itertools.groupby(self.applied)]
        is_last = not once or once[-1] == expected[-1]
        is_whole = once == self.applied and texts.isdisjoint(self.torn)
        if self.is_slow and is_last and is_whole and _is_within(expected[1:], once):
            return ""
        shown = [[_short(each) for each in contents] for contents in (expected[1:], self.applied)]
        return f"seed {self.seed}: {self.names}\n  rested  {shown[0]}\n  applied {shown[1]}"


def _is_within(some: list[Contents], all_of_them: list[Contents]) -> bool:
    rest = iter(all_of_them)
    return all(each in rest for each in some)


def _short(contents: Contents) -> object:
    return contents and {name: text.partition("\n")[0] for name, text in contents.items()}


async def play(seed: int, directory: Path, running: list[Course]) -> Course:
    """Play one sequence below an empty directory; its course is among those `running` meanwhile."""
    chance = random.Random(seed)
    home, beside = directory / "etc", directory / "beside"
    for each in (home, beside):
        each.mkdir()
    desk = Desk(home, beside, PACE.quiet, chance)
    desk.source.write_text(desk.text())
    unit = ApplyUnit(desk, directory / "last-read.json")
    unit.bind()
    files = toml_files.look(desk.source)
    assert files is not None
    unit.last_read.write_text(records.to_file(TomlMark.of(files, applied=True)))
    edits = EditTracker(desk.source, unit.last_read, directory / "tried")
    applier = EditApplier(str(desk.source), edits, cast(Systemd, unit))
    watching = asyncio.create_task(EditWatch(desk.source, edits, applier.apply_pending, PACE).run())
    await asyncio.sleep(PACE.quiet)
    course = Course(seed, [desk.contents()], unit.applied, [], torn=desk.torn)
    running.append(course)
    try:
        for _ in range(chance.randint(*_GROUPS)):
            await _work(desk, course)
            await _rest(unit, course)
    finally:
        running.remove(course)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await asyncio.gather(*unit.runs)
    return course


async def _work(desk: Desk, course: Course) -> None:
    """Do a few operations without a rest, of which only the first may be slow."""
    for number in range(desk.chance.randint(*_OPERATIONS)):
        operation = desk.chance.choice((*QUICK, *(() if number else SLOW)))
        course.names.append(operation.__name__)
        await operation(desk)
        await asyncio.sleep(PACE.quiet * desk.chance.random() / 3)
    course.names.append("rest")
    course.rested.append(desk.contents())


async def _rest(unit: ApplyUnit, course: Course) -> None:
    """Wait until what is on the disk is applied, and then some time in which nothing more may happen."""
    ends = time.monotonic() + _DEADLINE
    while (unit.applied or course.rested[:1])[-1] != course.rested[-1] and time.monotonic() < ends:
        await asyncio.sleep(PACE.quiet / 5)
    await asyncio.sleep(PACE.every + PACE.quiet * 2)


async def play_all(seeds: Iterable[int]) -> list[Course]:
    """Play many sequences, AT_ONCE at a time."""
    InotifyMoveEventGrouper.delay = PACE.quiet / 5  # half a second by default
    turns, running = asyncio.Semaphore(AT_ONCE), list[Course]()

    async def one(seed: int) -> Course:
        async with turns:
            with tempfile.TemporaryDirectory(prefix="watch-") as directory:
                return await play(seed, Path(directory), running)

    noticing = asyncio.create_task(_notice_stalls(running))
    courses = await asyncio.gather(*map(one, seeds))
    noticing.cancel()
    return list(courses)


async def _notice_stalls(running: list[Course]) -> None:
    """Mark the sequences during which the machine had no time for us."""
    while True:
        began = time.monotonic()
        await asyncio.sleep(PACE.quiet / 10)
        if time.monotonic() - began > PACE.quiet / 3:
            for course in running:
                course.is_slow = True


def main() -> int:
    """Play the sequences and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1, help="the first sequence's; the others count up")
    asked = parser.parse_args()
    began = time.monotonic()
    courses = asyncio.run(play_all(range(asked.seed, asked.seed + asked.times)))
    wrong = [course for course in courses if course.complaint()]
    for course in wrong:
        print(course.complaint())
    applies = sum(len(course.applied) for course in courses)
    excused = sum(not course.is_exact for course in courses) - len(wrong)
    print(
        f"{len(courses)} sequences, {sum(len(course.names) for course in courses)} operations and rests, "
        f"{applies} applies, {excused} with a content in between because the machine was slow, "
        f"{len(wrong)} wrong, {time.monotonic() - began:.0f} s"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
