"""What editors, git and administrators do with a configuration file, each as its system calls.

Each operation works on a `Desk` and leaves a TOML, new or as it was. Operations that pause do so for longer
than the watcher's quiet time, in the middle of what must not be applied.
"""

import asyncio
import itertools
import random
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Desk:
    """A directory with a TOML, and a place beside it on the same file system.

    `quiet` is the watcher's quiet time in seconds. `known` are the texts so far, of which one comes back now
    and then; `torn` are those that were on the disk for a while, but are no complete ones.
    """

    home: Path
    beside: Path
    quiet: float
    chance: random.Random
    known: list[str] = field(default_factory=list)
    torn: set[str] = field(default_factory=set)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def source(self) -> Path:
        """The TOML."""
        return self.home / "restream.toml"

    def text(self) -> str:
        """Return a text to be written: mostly new, sometimes one of before."""
        if self.known and self.chance.random() < 0.2:
            return self.chance.choice(self.known)
        self.known.append(f"version = {next(self.numbers)}\n" + "# filler\n" * self.chance.randrange(200))
        return self.known[-1]

    def contents(self) -> dict[str, str] | None:
        """Return the text of each file that counts, by name; None if there is no TOML."""
        try:
            files = (self.source, *sorted(self.home.glob("platforms.d/[!.]*.toml")))
            return {str(file.relative_to(self.home)): file.read_text() for file in files}
        except FileNotFoundError:
            return None

    def temporary(self) -> Path:
        """Return a new path in the TOML's directory."""
        return self.home / f".tmp{next(self.numbers)}"


async def write_in_place(desk: Desk) -> None:
    """As nano, `cp` and `cat >` do: the file is emptied and written."""
    desk.source.write_text(desk.text())


async def append(desk: Desk) -> None:
    """As `echo >>` does."""
    with desk.source.open("a") as file:
        file.write(f"# {next(desk.numbers)}\n")


async def rename_and_write(desk: Desk) -> None:
    """As vim does: the old file is the backup while the new one is written."""
    backup = desk.home / "restream.toml~"
    real = desk.source.resolve()
    real.rename(backup)
    real.write_text(desk.text())
    backup.unlink()


async def backup_and_write(desk: Desk) -> None:
    """As vim does with a link: a copy is the backup, and the file is written in place."""
    backup = desk.home / "restream.toml~"
    shutil.copy(desk.source, backup)
    (desk.home / ".restream.toml.swp").write_text("swap")
    desk.source.write_text(desk.text())
    backup.unlink()
    (desk.home / ".restream.toml.swp").unlink()


async def replace(desk: Desk) -> None:
    """As emacs, VS Code, `sed -i` and `restream-agent platform` do: a new file is renamed over it."""
    new = desk.temporary()
    new.write_text(desk.text())
    new.chmod(0o640)
    new.replace(desk.source)


async def move_in(desk: Desk) -> None:
    """As `mv` does from another directory."""
    new = desk.beside / "restream.toml"
    new.write_text(desk.text())
    new.replace(desk.source)


async def install(desk: Desk) -> None:
    """As `install` does: the old file is removed, the new one written, then given its mode."""
    desk.source.unlink()
    desk.source.write_text(desk.text())
    desk.source.chmod(0o644)


async def link_elsewhere(desk: Desk) -> None:
    """As an administrator does who changes a link: it leads to a new file in another directory."""
    target = desk.beside / f"checkout{next(desk.numbers)}.toml"
    target.write_text(desk.text())
    link = desk.temporary()
    link.symlink_to(target)
    link.replace(desk.source)


async def write_behind_the_link(desk: Desk) -> None:
    """As `git pull` does in a checkout that the TOML links to: the target is removed and made again."""
    if not desk.source.is_symlink():
        await link_elsewhere(desk)
    target = desk.source.resolve()
    target.unlink()
    target.write_text(desk.text())


async def swap_data(desk: Desk) -> None:
    """As Kubernetes does with a config map: `..data` is renamed over, and leads to another directory."""
    version = desk.home / f"..version{next(desk.numbers)}"
    version.mkdir()
    (version / "restream.toml").write_text(desk.text())
    link = desk.temporary()
    link.symlink_to(version.name)
    data = desk.home / "..data"
    old = data.resolve() if data.is_symlink() else None
    link.replace(data)
    if not desk.source.is_symlink() or desk.source.readlink() != Path("..data/restream.toml"):
        link.symlink_to("..data/restream.toml")
        link.replace(desk.source)
    if old is not None:
        shutil.rmtree(old)


async def save_often(desk: Desk) -> None:
    """A burst of ten saves, faster than the quiet time."""
    for _ in range(10):
        await desk.chance.choice((write_in_place, replace, rename_and_write))(desk)
        await asyncio.sleep(desk.quiet * desk.chance.random() / 4)


async def touch(desk: Desk) -> None:
    """As `touch` and `chmod` do: no edit."""
    desk.source.touch()
    desk.source.chmod(desk.chance.choice((0o600, 0o644)))


async def write_the_same(desk: Desk) -> None:
    """As an editor does that is left with `:wq`: the same text in a new file."""
    new = desk.temporary()
    new.write_text(desk.source.read_text())
    new.replace(desk.source)


async def change_and_take_back(desk: Desk) -> None:
    """An edit that is taken back within the quiet time."""
    before = desk.source.read_text()
    desk.source.write_text(before + "# oops\n")
    await asyncio.sleep(desk.quiet / 5)
    desk.source.write_text(before)


async def move_away_and_back(desk: Desk) -> None:
    """The file is missing for longer than the quiet time, and comes back as it was: no edit."""
    away = desk.beside / "away.toml"
    real = desk.source.resolve()
    real.rename(away)
    await asyncio.sleep(desk.quiet * 2)
    away.rename(real)


async def write_slowly(desk: Desk) -> None:
    """A file that is partly written for longer than the quiet time, as over a slow network."""
    text = desk.text()
    half = len(text) // 2
    desk.torn.add(text[:half])
    with desk.source.open("w", buffering=1) as file:
        file.write(text[:half])
        file.flush()
        await asyncio.sleep(desk.quiet * 2.5)
        file.write(text[half:])


async def make_slowly(desk: Desk) -> None:
    """As a slow `git checkout` does: the file is removed and made again, and stays empty for long."""
    text = desk.text()
    desk.torn.add("")
    desk.source.unlink()
    with desk.source.open("w") as file:
        await asyncio.sleep(desk.quiet * 2.5)
        file.write(text)


async def make_the_directory_anew(desk: Desk) -> None:
    """The directory is removed, and made again with another text."""
    shutil.rmtree(desk.home)
    new = desk.home.with_name("new")
    new.mkdir()
    (new / "restream.toml").write_text(desk.text())
    new.rename(desk.home)


async def remove_the_directory(desk: Desk) -> None:
    """The directory is missing for longer than the quiet time."""
    shutil.rmtree(desk.home)
    await asyncio.sleep(desk.quiet * 2)
    desk.home.mkdir()
    await write_in_place(desk)


async def swap_the_directory(desk: Desk) -> None:
    """Another directory takes the place of the old one, which stays beside it."""
    new, old = desk.home.with_name("new"), desk.home.with_name("old")
    shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(desk.home, new, symlinks=True)
    desk.home.rename(old)
    new.rename(desk.home)
    await write_in_place(desk)


async def write_a_platform(desk: Desk) -> None:
    """A file in platforms.d, which may not exist before."""
    (desk.home / "platforms.d").mkdir(exist_ok=True)
    (desk.home / "platforms.d" / desk.chance.choice(("club.toml", "twitch.toml"))).write_text(desk.text())


async def remove_platforms(desk: Desk) -> None:
    """The directory of the platforms goes, if it is there."""
    shutil.rmtree(desk.home / "platforms.d", ignore_errors=True)


async def leave_notes(desk: Desk) -> None:
    """Files of others in the same directories: no edit."""
    (desk.home / "notes.txt").write_text(desk.text())
    if (desk.home / "platforms.d").is_dir():
        (desk.home / "platforms.d" / "club.toml.bak").write_text(desk.text())


Operation = Callable[[Desk], Awaitable[None]]

QUICK: tuple[Operation, ...] = (
    write_in_place, append, rename_and_write, backup_and_write, replace, move_in, install, link_elsewhere,
    write_behind_the_link, swap_data, save_often, touch, write_the_same, change_and_take_back,
    make_the_directory_anew, swap_the_directory, write_a_platform, remove_platforms, leave_notes,
)  # fmt: skip

SLOW: tuple[Operation, ...] = (write_slowly, make_slowly, move_away_and_back, remove_the_directory)
"""Longer than the quiet time. What was done before them has been applied."""
