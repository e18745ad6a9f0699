"""What the command line chooses from a catalogue and plays: faults, cases, checks."""

import argparse
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tests.chaos.on_servers import installed_servers
from tests.demo.screen import Screen

NAMES = ("srs", "nginx-rtmp")


class CatalogueEntry(Protocol):
    """What can be chosen by its name, with a text for `--list`."""

    @property
    def name(self) -> str:
        """The name."""
        ...

    @property
    def text(self) -> str:
        """What it is, in a line."""
        ...


Chosen = TypeVar("Chosen", bound=CatalogueEntry)


@dataclass(frozen=True)
class Choice(Generic[Chosen]):
    """What is to be played, on which ingest servers, and all arguments."""

    entries: tuple[Chosen, ...]
    servers: tuple[str, ...]
    arguments: argparse.Namespace


def named(entries: Sequence[Chosen], names: Iterable[str]) -> tuple[Chosen, ...]:
    """Return the entries with these names in their order, or all; KeyError with the unknown names."""
    wanted = set(names)
    unknown = wanted - {entry.name for entry in entries}
    if unknown:
        raise KeyError(", ".join(sorted(unknown)))
    return tuple(entry for entry in entries if not wanted or entry.name in wanted)


def choose(
    parser: argparse.ArgumentParser,
    noun: str,
    entries: Sequence[Chosen],
    chosen: Callable[[tuple[str, ...]], tuple[Chosen, ...]],
    screen: Screen,
    *,
    which: str = "",
) -> Choice[Chosen]:
    """Add the common arguments but `--out`, and read all; ends the process where nothing is to be played.

    `chosen` returns the entries for the arguments `--NOUN`, or raises KeyError; `which` says in the help what
    an argument chooses, if not the one of this name.
    """
    parser.add_argument("--server", choices=NAMES, help="play only on this ingest server")
    parser.add_argument(
        f"--{noun}",
        dest="names",
        metavar=noun.upper(),
        action="append",
        default=[],
        help=f"play only {which or f'this {noun}'}; may be repeated",
    )
    parser.add_argument("--list", action="store_true", help=f"list the {noun}s and exit")
    arguments = parser.parse_args()
    if arguments.list:
        width = max(len(entry.name) for entry in entries) + 2
        print(*(f"{entry.name:{width}}{entry.text}" for entry in entries), sep="\n")
        parser.exit()
    try:
        found = chosen(tuple(arguments.names))
    except KeyError as error:
        parser.error(f"unknown {noun}: {error.args[0]}; --list shows all {noun}s")
    if os.geteuid() != 0:
        parser.error("needs root: it boots a systemd")
    return Choice(found, (arguments.server,) if arguments.server else installed_servers(screen), arguments)
