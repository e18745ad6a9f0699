"""The files for which a refused apply waits: as soon as one of them comes, systemd applies the TOML again.

systemd watches them, systemd.path(5), as a path unit that exists until the next apply: root alone can enter
the directory of the keys, and the agent sees no home directory.
"""

import logging
import time
from collections.abc import Iterable
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, Problem
from restream_agent.base.files import locate
from restream_agent.base.target import TargetMachine
from restream_agent.config.model import Config
from restream_agent.config.secret_uses import secret_uses
from restream_agent.fallback import preparation
from restream_agent.systemd import systemctl, unit_names

log = logging.getLogger(__name__)

_TRIES = 10
_PAUSE = 0.2
"""Seconds. A path unit that was stopped is forgotten a moment later, and then there can be a new one."""


def files_of(config: Config, problems: Iterable[Problem]) -> dict[str, str]:
    """Return the files that problems are about, by the key of the TOML: absolute paths, without --root.

    A credential is in one of two places: with both, the key is there twice, as "KEY" and "KEY encrypted".
    """
    wrong, found = {problem.path for problem in problems}, dict[str, str]()
    for use in secret_uses(config):
        if use.option in wrong and use.reference.credential is not None:
            found[use.option] = f"{paths.CREDENTIALS}/{use.reference.credential}"
            found[f"{use.option} encrypted"] = f"{paths.ENCRYPTED_CREDENTIALS}/{use.reference.credential}"
        elif use.option in wrong and use.reference.file is not None:
            found[use.option] = str(use.reference.file)
    for key, video in preparation.videos_by_key(config).items():
        # A video that is no list in the TOML has no index in the problem, either.
        if not wrong.isdisjoint((key, key.removesuffix("[0]"))):
            found[key] = str(video)
    return found


def wait_for(
    target: TargetMachine, config: Config, problems: Iterable[Problem], refused: Iterable[Problem] = ()
) -> tuple[str, ...]:
    """Have systemd apply the TOML when a missing file comes, or one that does not do is changed.

    `refused` are those of the problems that are up to the policy, which is the file to wait for then.
    Returns the missing files; none, and nothing is done, if the agent does not watch, below a --root, before
    the first apply, and if no problem is about a file. What systemd refuses is logged: the problems count.
    """
    by_policy = tuple(refused)
    wanted = files_of(config, (problem for problem in problems if problem not in by_policy))
    if by_policy:
        wanted["policy"] = paths.POLICY
    if not wanted or not config.agent.watch or not target.is_this_machine:
        return ()
    systemd = systemctl.Systemd()
    if systemd.show(unit_names.APPLY_UNIT, "LoadState") != "loaded":
        return ()
    missing = tuple(path for path in wanted.values() if not locate(target.root, path).exists())
    changed = tuple(path for path in wanted.values() if path not in missing)
    conditions = (*(f"PathExists={path}" for path in missing), *(f"PathChanged={path}" for path in changed))
    if not _is_triggered(systemd, conditions):
        return ()
    return tuple(dict.fromkeys(path for key, path in wanted.items() if path in missing and " " not in key))


def _is_triggered(systemd: systemctl.Systemd, conditions: tuple[str, ...]) -> bool:
    """Make the path unit; False, and a line in the log, if systemd refuses it for long."""
    reason = ""
    for _ in range(_TRIES):
        try:
            systemd.trigger(unit_names.APPLY_UNIT, conditions, reason="the last apply was refused")
        except CommandError as error:
            reason = error.message
            time.sleep(_PAUSE)
        else:
            return True
    log.error("the TOML is not applied by itself when what is missing comes: %s", reason)
    return False


def forget(target: TargetMachine) -> bool:
    """Have systemd watch no file any more: a new apply looks for itself. Return whether it has watched any.

    Without root nothing is done.
    """
    if not target.is_this_machine or not systemctl.is_running():
        return False
    systemd = systemctl.Systemd()
    if not systemd.active(unit_names.APPLY_PATH):
        return False
    systemd.change("stop", (unit_names.APPLY_PATH,), reason="an apply looks for itself")
    return True


def words(missing: tuple[str, ...]) -> str:
    """Return what becomes of a refused edit, "" if nothing is waited for."""
    if not missing:
        return ""
    others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    verb = "are" if others else "is"
    return f"the TOML is applied by itself when {Path(missing[0])}{others} {verb} there"
