"""What an apply is about to do, written down before its first change and removed after its last.

An apply that is interrupted, by a power cut or by SIGKILL, leaves some files in place and has not asked
systemd for anything. The next apply finds those files as they should be, so it would not know that their
units are to be started, restarted or reloaded.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.file_tree import File, Tree
from restream_agent.deploy.changed_units import channels_in
from restream_agent.deploy.plan import Actions


@dataclass(frozen=True)
class Intent:
    """The paths that an apply was to write, and the actions that were to follow."""

    owned: tuple[str, ...] = ()
    actions: Actions = field(default_factory=Actions)


def read(root: Path) -> Intent:
    """Return what an interrupted apply was about to do; an empty intent if there is none to read."""
    try:
        values = json.loads(files.locate(root, paths.UNFINISHED).read_text())
        lists = {name: tuple(map(str, units)) for name, units in values["units"].items()}
        actions = Actions(daemon_reload=bool(values["daemon_reload"]), **lists)
        return Intent(tuple(map(str, values["owned"])), actions)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Intent()


def clean(root: Path, desired: Tree) -> None:
    """Remove the half-written files of an interrupted apply; RestreamError for what cannot be removed."""
    files.remove_leftovers(root, {*desired, *read(root).owned, paths.UNFINISHED})


def write(root: Path, intent: Intent) -> None:
    """Write an intent down, or remove the record if there is nothing to do; RestreamError if that fails."""
    if intent == Intent():
        files.remove(root, paths.UNFINISHED)
        return
    units = asdict(intent.actions)
    values = {"owned": intent.owned, "daemon_reload": units.pop("daemon_reload"), "units": units}
    files.write(root, paths.UNFINISHED, File(json.dumps(values, indent=2) + "\n", mode=0o600))


def joined(actions: Actions, earlier: Actions, desired: Tree) -> Actions:
    """Return actions with those of an interrupted apply that still make sense for the tree `desired`."""
    units = {
        name: tuple(dict.fromkeys((*getattr(actions, name), *_known(getattr(earlier, name), desired))))
        for name in (each.name for each in fields(Actions) if each.name not in ("daemon_reload", "stop"))
    }
    stop = (unit for unit in earlier.stop if not _known((unit,), desired))
    return Actions(
        daemon_reload=actions.daemon_reload or earlier.daemon_reload,
        stop=tuple(dict.fromkeys((*actions.stop, *stop))),
        **units,
    )


def _known(units: Iterable[str], desired: Tree) -> list[str]:
    """Return the units that have a file or a drop-in in a tree, or are a channel's instance of a template."""
    channels = channels_in(desired)

    def is_known(unit: str) -> bool:
        stem, _, instance = unit.partition("@")
        name, _, kind = instance.rpartition(".")
        is_channel_s = name in channels and f"{paths.UNITS}/{stem}@.{kind}" in desired
        return is_channel_s or any(
            path.startswith(f"{paths.UNITS}/{unit.replace('*', '')}") for path in desired
        )

    return list(filter(is_known, units))
