"""From a checked configuration to a changed machine, or to the machine as it was."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from restream_agent.base import files, paths
from restream_agent.base.errors import ConfigError, RestreamError
from restream_agent.base.file_tree import File, Tree
from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.deploy import checks, machine, secret_checks
from restream_agent.deploy.plan import Actions, Change, actions, changes
from restream_agent.render import assets
from restream_agent.render.templates import Facts
from restream_agent.render.tree import render
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd

log = logging.getLogger(__name__)

_SERVERS = (unit_names.AGENT_UNIT, unit_names.INGEST_UNIT)


@dataclass(frozen=True)
class Plan:
    """Everything that an apply would do; `desired` is the tree that it leads to."""

    desired: Tree
    changes: tuple[Change, ...]
    actions: Actions
    manifest: str

    @property
    def is_empty(self) -> bool:
        """Whether the machine is as the configuration says."""
        return not self.changes and self.actions.is_empty


def make_plan(config: Config, facts: Facts, root: Path) -> Plan:
    """Compare what the configuration asks for with what is there. Writes nothing.

    Raises RestreamError where something that is not ours stands in the way, ConfigError where a
    secret is missing.
    """
    missing = secret_checks.problems(config, root, facts.source)
    if missing:
        raise ConfigError(missing)
    desired = _rooted(render(config, facts, assets.load()), root)
    manifest = files.read_manifest(root)
    owned = {str(path) for path in _listed(manifest, "owned")}
    secret = frozenset(path for path, entry in desired.items() if isinstance(entry, File) and entry.is_secret)
    secret |= {path for path in owned if path.startswith(paths.INLINE_KEYS)} | set(
        paths.INGEST_CONFIG.values()
    )
    current = _rooted(files.read_tree(root, {*desired, *owned}, secret=secret), root)
    _refuse_foreign(current, desired, owned)
    found = changes(current, desired)
    salt = str(manifest.get("salt") or secret_checks.new_salt())
    marks = secret_checks.fingerprints(config, root, salt)
    known = manifest.get("secrets")
    old = known if isinstance(known, dict) else {}
    changed = frozenset(user for user, mark in marks.items() if user in old and old[user] != mark)
    names_of = frozenset(relay.name for relay in relays(config))
    done = actions(found, changed_secrets=changed, relays=names_of)
    text = json.dumps({"owned": sorted(desired), "salt": salt, "secrets": marks}, indent=2) + "\n"
    return Plan(desired, found, done, text)


def _listed(manifest: dict[str, object], key: str) -> list[object]:
    value = manifest.get(key)
    return value if isinstance(value, list) else []


def _rooted(tree: Tree, root: Path) -> Tree:
    """Below a --root the groups of this machine mean nothing; everything is the caller's."""
    if root == Path("/"):
        return tree
    return {
        path: File(entry.content, entry.mode, "root", entry.is_secret) if isinstance(entry, File) else entry
        for path, entry in tree.items()
    }


def _refuse_foreign(current: Tree, desired: Tree, owned: set[str]) -> None:
    """Raise RestreamError for a file of somebody else's where one of ours would go."""
    ours = "Made by restream-agent", "Installed by restream-agent"
    for path, entry in current.items():
        is_known = path in owned or entry == desired.get(path) or path.startswith(paths.OWN_DIRECTORY)
        if not is_known and not (
            isinstance(entry, File) and any(mark in entry.content[:200] for mark in ours)
        ):
            raise RestreamError(
                f"{path} exists and was not made by restream-agent", hint="move it away; nothing was changed"
            )


def apply(
    config: Config,
    facts: Facts,
    *,
    root: Path,
    systemd: Systemd,
    prepare: Callable[[Tree], None],
    lock_wait: float = files.LOCK_SECONDS,
) -> Plan:
    """Bring the machine to what the configuration says, or leave it as it was.

    `prepare` makes the fallback video if it is missing, by the settings in the tree it is given.
    `lock_wait` is how many seconds it waits for another apply to end. Below a `root` that is not
    "/" files are written and systemd is left alone. Raises RestreamError; what was changed by
    then is restored.
    """
    with files.lock(root, wait=lock_wait):
        plan = make_plan(config, facts, root)
        is_here = root == Path("/")
        if plan.is_empty:
            prepare(plan.desired)
            _forget_failure(systemd, is_here=is_here)
            return plan
        if is_here:
            machine.require_programs(config, facts)
            checks.check_staged(config, facts, plan.desired)
            checks.check_ports(config, systemd)
        prepare(plan.desired)
        undo: list[Change] = []
        try:
            _write(plan, root, systemd, undo)
            if is_here:
                stopped = frozenset(_SERVERS) - {*systemd.active(*_SERVERS), *plan.actions.start}
                perform(plan.actions, systemd)
                checks.check_running(config, systemd, stopped)
        except BaseException:
            _restore(plan, undo, root, systemd)
            raise
        files.write(root, paths.MANIFEST, File(plan.manifest, mode=0o600))
        _forget_failure(systemd, is_here=is_here)
        return plan


def _forget_failure(systemd: Systemd, *, is_here: bool) -> None:
    """An earlier apply after an edit may have failed; this one, perhaps by hand, has made it good."""
    if is_here and systemd.active(unit_names.APPLY_UNIT).get(unit_names.APPLY_UNIT) == "failed":
        systemd.change("reset-failed", (unit_names.APPLY_UNIT,), reason="what it failed at is applied")


def _write(plan: Plan, root: Path, systemd: Systemd, undo: list[Change]) -> None:
    """Write accounts first: the files that follow belong to groups that they create."""
    first = [change for change in plan.changes if change.path in (paths.SYSUSERS, paths.TMPFILES)]
    for change in first:
        undo.append(change)
        put(change, root)
    if first and root == Path("/"):
        systemd.create_accounts(paths.SYSUSERS, paths.TMPFILES)
    for change in plan.changes:
        if change not in first:
            undo.append(change)
            put(change, root)


def put(change: Change, root: Path) -> None:
    """Make one change."""
    if change.after is None:
        files.remove(root, change.path)
    else:
        files.write(root, change.path, change.after)
    log.info("%s %s", change.kind, change.path)


def perform(wanted: Actions, systemd: Systemd) -> None:
    """Ask systemd for what the changes need."""
    systemd.change("stop", wanted.stop, reason="no longer configured")
    if wanted.daemon_reload:
        systemd.daemon_reload()
    systemd.change("try-restart", wanted.restart, reason="its configuration changed")
    systemd.change("try-reload-or-restart", wanted.reload, reason="its configuration changed")
    systemd.change("start", wanted.start, reason="newly configured")
    states = systemd.active(unit_names.TARGET, *wanted.restart)
    if unit_names.TARGET in states:
        systemd.change("start", wanted.start_on_air, reason="newly configured while on air")
        given_up = tuple(unit for unit in wanted.restart if states.get(unit) == "failed")
        systemd.change("start", given_up, reason="had given up, and its configuration changed")


def _restore(plan: Plan, undo: list[Change], root: Path, systemd: Systemd) -> None:
    """Put back what was there and have systemd go on with that; what fails here is only logged."""
    log.error("apply failed, restoring what was there")
    is_here = root == Path("/")
    back = tuple(change.inverse() for change in reversed(undo))
    with suppress(RestreamError):
        if is_here and undo:
            systemd.change("stop", plan.actions.start, reason="was not there before")
    for change in back:
        try:
            put(change, root)
        except RestreamError as error:
            log.error("%s", error.message)
    with suppress(RestreamError):
        if is_here and undo:
            wanted = actions(back, changed_secrets=frozenset(), relays=frozenset())
            perform(replace(wanted, stop=()), systemd)
