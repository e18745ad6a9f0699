"""A change of the TOML that a command makes: checked as `check` does, shown, then written in one step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.config import file, toml_diff
from restream_agent.config.document import Document
from restream_agent.config.parsing import parse
from restream_agent.config.toml_lines import BYTE_ORDER_MARK, KeyPath
from restream_agent.deploy import checking, commands, credentials
from restream_agent.systemd import systemctl, unit_names

_UNCHANGED = "nothing was changed"
"""Said after the problems of a text: its file does not have it."""


@dataclass(frozen=True)
class TomlChange:
    """A TOML file's text before and after a change that is not written yet.

    `given` is the file as the user named it, None for its usual place. `subject` has the configuration after
    the change.
    """

    given: Path | None
    place: Path
    before: str
    after: str
    subject: commands.Subject

    @property
    def is_empty(self) -> bool:
        """Whether the text is to stay as it is."""
        return self.before == self.after

    def diff(self) -> str:
        """Return what changes in the file as a unified diff, without its keys."""
        return toml_diff.diff(self.before, self.after, str(self.place))


def propose(
    target: TargetMachine, given: Path | None, platform: KeyPath, change: Callable[[str], str]
) -> TomlChange:
    """Read the file of the TOML that has a platform, change its text, and check the new whole by itself.

    `change` gets valid TOML. Raises ConfigError with every problem of the new text, and what `change` raises.
    """
    path = file.config_path(target.root, given)
    place = file.home_of(path, platform)
    before = file.read_text(place, exactly=True)
    problems = parse(Document(before.removeprefix(BYTE_ORDER_MARK), str(place))).problems
    if problems:
        raise ConfigError(problems, outcome=_UNCHANGED)
    after = change(before)
    try:
        subject = commands.load(target, given, (place, after))
    except ConfigError as error:
        raise ConfigError(error.problems, outcome=_UNCHANGED) from None
    return TomlChange(given, place, before, after, subject)


def check(change: TomlChange) -> tuple[Problem, ...]:
    """Check a change as the command `check` does, and return the warnings that the file does not have.

    Raises ConfigError with all problems, those of the machine too.
    """
    target = change.subject.target
    found = checking.report(change.subject.loaded, target)
    if found.errors:
        raise ConfigError(found.errors, outcome=_UNCHANGED)
    if not found.warnings:
        return ()
    before = file.examine(file.config_path(target.root, change.given), (change.place, change.before))
    old = {(each.path, each.message) for each in checking.report(before, target).warnings}
    return tuple(each for each in found.warnings if (each.path, each.message) not in old)


def write(change: TomlChange) -> None:
    """Write the new text; RestreamError if the file has changed since it was read, or cannot be written."""
    if file.read_text(change.place, exactly=True) != change.before:
        message = f"{change.place} was changed by somebody else meanwhile; nothing was written"
        raise RestreamError(message, hint="give the command again")
    files.rewrite(change.place, change.after)


def is_watched(change: TomlChange) -> bool:
    """Whether the agent of this machine applies the change by itself, as it does after every edit."""
    target = change.subject.target
    is_usual = change.given is None or str(change.given) == paths.CONFIG
    is_seen = target.is_this_machine and is_usual and not change.is_empty
    if not is_seen or not systemctl.is_running():
        return False
    if not change.subject.config.agent.watch:
        return False
    return systemctl.Systemd().active(unit_names.AGENT_UNIT).get(unit_names.AGENT_UNIT) == "active"


@contextmanager
def new_key(target: TargetMachine, name: str, key: bytes | None, *, encrypt: bool) -> Iterator[None]:
    """Store a key, None for no new one; if the block fails, what was stored before is put back.

    So a change whose check needs the key leaves no key behind when it is refused. Raises RestreamError if the
    key cannot be stored.
    """
    if key is None:
        yield
        return
    places = (f"{paths.CREDENTIALS}/{name}", f"{paths.ENCRYPTED_CREDENTIALS}/{name}")
    before = files.read_tree(target.root, places, secret=frozenset(places))
    try:
        credentials.store(target, name, key, encrypt=encrypt)
        yield
    except BaseException:
        for path in places:
            if path in before:
                files.write(target.root, path, before[path])
            else:
                files.remove(target.root, path)
        raise


def require_own(change: TomlChange, name: str, option: str) -> None:
    """Raise RestreamError if a credential is the key of somebody else, too: they would get a new key."""
    uses = credentials.uses(change.subject.config, name)
    others = [use.user for use in uses if use.option != option]
    if others:
        raise RestreamError(
            f"the credential {name} is the key of {', '.join(others)}",
            hint="give --credential OTHER, under which this key is stored",
        )
