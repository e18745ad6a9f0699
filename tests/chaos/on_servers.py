"""Playing a catalogue on each ingest server, and telling each result as it comes: faults, cases, attacks."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from tests.demo.screen import Screen
from tests.lab.deadline import LabError
from tests.lab.servers import SRS
from tests.lab.skips import NO_SRS


class PlayedEntry(Protocol):
    """The result of one entry of a catalogue."""

    @property
    def name(self) -> str:
        """The entry's name."""
        ...

    @property
    def server(self) -> str:
        """The ingest server that it was played on."""
        ...

    def problems(self) -> list[str]:
        """Return in words what is wrong."""
        ...


Entry = TypeVar("Entry", bound=PlayedEntry)


def installed_servers(screen: Screen) -> tuple[str, ...]:
    """Return nginx-rtmp, and SRS if its binary exists."""
    if SRS.exists():
        return "nginx-rtmp", "srs"
    screen.plain(f"{NO_SRS} at {SRS}: playing on nginx-rtmp only")
    return ("nginx-rtmp",)


def play_on(
    servers: Sequence[str],
    play: Callable[[str], Iterable[Entry]],
    line: Callable[[Entry, Screen], str],
    screen: Screen,
    *,
    save: Callable[[Sequence[Entry]], object] = lambda _: None,
) -> tuple[list[Entry], bool]:
    """Play on one server after another; return the results, and whether all servers were played to the end.

    Each result is shown as its `line`, with its problems; then all results so far are saved.
    """
    played: list[Entry] = []
    is_whole = True
    for server in servers:
        try:
            for result in play(server):
                played.append(result)
                screen.plain(line(result, screen))
                for problem in result.problems():
                    screen.plain(f"{'':11}{problem}")
                save(played)
        except LabError as error:
            is_whole = False
            screen.plain(screen.paint(f"FAIL  {server}: {error}", "bad"))
    return played, is_whole


def show_problems(played: Iterable[PlayedEntry], screen: Screen) -> None:
    """Write every problem of every result to the terminal."""
    for result in played:
        for problem in result.problems():
            screen.plain(screen.paint(f"FAIL  {result.server} {result.name}: {problem}", "bad"))
