"""When an edit has settled: with the real watcher, on real files, with short times."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path

import pytest

from restream_agent.agent import toml_watcher
from restream_agent.agent.edit_tracker import EditTracker
from restream_agent.agent.edit_watch import EditWatch, WatchPace
from restream_agent.base import toml_files
from restream_agent.base.errors import RestreamError
from restream_agent.wire import records
from restream_agent.wire.toml_mark import TomlMark

Hands = Callable[[Path, list[str]], Awaitable[None]]
PACE = WatchPace(quiet=0.2, patience=30.0, every=0.5)
PATIENCE = 20.0


def watched(tmp_path: Path, hands: Hands, *, pace: WatchPace = PACE, is_watched: bool = True) -> list[str]:
    """Return what the TOML said each time that it was to be applied, while some hands edit it.

    The hands get the list, too, and wait in it for what they expect. What comes after that is in the list
    if it comes in the time that an edit usually takes.
    """
    source, applied = tmp_path / "restream.toml", list[str]()
    source.write_text("first")
    last = TomlMark.of(toml_files.look(source) or {}, applied=True)
    (tmp_path / "last-read").write_text(records.to_file(last))
    edits = EditTracker(source, tmp_path / "last-read", tmp_path / "tried", is_watched=is_watched)

    async def apply_pending() -> None:
        state = edits.pending()
        if state is not None:
            edits.note(state)
            applied.append(source.read_text())
            raise RestreamError("the watch goes on")

    async def work() -> None:
        watching = asyncio.create_task(EditWatch(source, edits, apply_pending, pace).run())
        await asyncio.sleep(pace.quiet)
        await hands(source, applied)
        await asyncio.sleep(pace.every + 3 * pace.quiet)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)

    asyncio.run(work())
    return applied


async def applies(applied: list[str], text: str) -> None:
    """Wait until a text has been applied; a busy machine takes its time."""
    async with asyncio.timeout(PATIENCE):
        while text not in applied:
            await asyncio.sleep(PACE.quiet / 10)


async def save(source: Path, applied: list[str]) -> None:
    source.write_text("saved")
    await applies(applied, "saved")


def test_an_edit_is_applied_once(tmp_path: Path) -> None:
    """Also if the apply before could not be started."""

    async def twice(source: Path, applied: list[str]) -> None:
        await save(source, applied)
        await asyncio.sleep(PACE.every + 3 * PACE.quiet)
        source.write_text("again")
        await applies(applied, "again")

    assert watched(tmp_path, twice) == ["saved", "again"]


def test_what_is_being_written_is_waited_for(tmp_path: Path) -> None:
    """The half of a file may be a TOML, too."""

    async def slowly(source: Path, applied: list[str]) -> None:
        with source.open("w") as file:
            file.write("half")
            file.flush()
            await asyncio.sleep(5 * PACE.quiet)
            file.write(" and half")
        await applies(applied, "half and half")

    assert watched(tmp_path, slowly) == ["half and half"]


def test_a_program_that_never_closes_the_file_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has not written for long."""
    monkeypatch.setattr(toml_watcher, "_WRITER_PAUSES", 0.5)

    async def keep_open(source: Path, applied: list[str]) -> None:
        with source.open("w") as file:
            file.write("open")
            file.flush()
            await applies(applied, "open")

    assert watched(tmp_path, keep_open) == ["open"]


def test_edits_without_an_end_are_applied_all_the_same(tmp_path: Path) -> None:
    """After the patience, and then the rest."""

    async def type_on(source: Path, applied: list[str]) -> None:
        async with asyncio.timeout(PATIENCE):
            for number in count():
                source.write_text(str(number))
                await asyncio.sleep(pace.quiet / 4)
                if applied:
                    break
        source.write_text("the rest")
        await applies(applied, "the rest")

    pace = WatchPace(quiet=0.2, patience=1.0, every=0.5)
    assert watched(tmp_path, type_on, pace=pace)[-1] == "the rest"


def test_nothing_is_applied_unless_it_is_watched(tmp_path: Path) -> None:
    """agent.watch = false."""

    async def save_alone(source: Path, _: list[str]) -> None:
        source.write_text("saved")

    assert watched(tmp_path, save_alone, is_watched=False) == []


def test_without_inotify_the_files_are_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Other programs may have used up what the kernel allows."""

    def refuse() -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(toml_watcher, "Observer", refuse)
    with caplog.at_level(logging.WARNING):
        assert watched(tmp_path, save) == ["saved"]
    assert "edits of the TOML are noticed later: Too many open files" in caplog.text
