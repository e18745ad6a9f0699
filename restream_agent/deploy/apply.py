"""From a checked configuration to a changed machine, or to the machine as it was."""

import json
import logging
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import channel_paths, paths_of
from restream_agent.base.errors import ConfigError, RestreamError
from restream_agent.base.file_tree import File, Tree
from restream_agent.base.target import TargetMachine
from restream_agent.config.channels import channel_configs
from restream_agent.config.model import Config
from restream_agent.config.relays import all_relays
from restream_agent.deploy import checks, machine, polkit, secret_checks, unfinished
from restream_agent.deploy.changed_units import channels_in, removed_channels
from restream_agent.deploy.changes import Change, compare
from restream_agent.deploy.plan import Actions, plan_actions
from restream_agent.deploy.unfinished import Intent
from restream_agent.render import assets
from restream_agent.render.facts import Facts
from restream_agent.render.tree import render
from restream_agent.systemd import broadcast_end, unit_names
from restream_agent.systemd.channels import MAIN, MAIN_CHANNEL, Channel, channel_of
from restream_agent.systemd.systemctl import Systemd

log = logging.getLogger(__name__)

_SERVERS = (unit_names.AGENT_UNIT, unit_names.INGEST_UNIT)
_ACCOUNTS = (paths.SYSUSERS, paths.TMPFILES)
_PREPARATION = (paths.FALLBACK_SETTINGS, f"{paths.UNITS}/{unit_names.CONVERT_TEMPLATE}")
_CHANNEL_FALLBACK = re.compile(channel_paths("[^/]+").fallback_settings)
_SIGNATURES = ("Made by restream-agent", "Installed by restream-agent")
"""Every file of ours begins with one of these texts, in a comment."""


@dataclass(frozen=True)
class Plan:
    """What an apply does: the changes and actions that lead to the tree `desired`."""

    desired: Tree
    changes: tuple[Change, ...]
    actions: Actions
    manifest: str

    @property
    def is_empty(self) -> bool:
        """Whether the machine already is as the configuration says."""
        return not self.changes and self.actions.is_empty


def make_plan(config: Config, facts: Facts, target: TargetMachine) -> Plan:
    """Compare what the configuration asks for with what is on the target. Writes nothing.

    Raises RestreamError if a file that is not ours is in the way, ConfigError if a secret is missing.
    """
    missing = secret_checks.problems(config, target.root, facts.source)
    if missing:
        raise ConfigError(missing)
    desired = _with_usable_groups(render(config, facts, assets.load()), target)
    manifest = files.read_manifest(target.root)
    interrupted = unfinished.read(target.root)
    owned = _owned_paths(manifest) | set(interrupted.owned)
    current = files.read_tree(target.root, {*desired, *owned}, secret=_secret_paths(desired, owned))
    current = _with_usable_groups(current, target)
    _refuse_foreign(current, desired, owned)
    changes = compare(current, desired)
    salt = str(manifest.get("salt") or secret_checks.new_salt())
    fingerprints = secret_checks.fingerprints(config, target.root, salt)
    actions = plan_actions(
        changes,
        changed_secrets=_changed_secrets(manifest, fingerprints),
        relays=frozenset(relay.full_name for relay in all_relays(config)),
        channels=channels_in(desired),
    )
    actions = unfinished.joined(actions, interrupted.actions, desired)
    text = json.dumps({"owned": sorted(desired), "salt": salt, "secrets": fingerprints}, indent=2) + "\n"
    return Plan(desired, changes, actions, text)


def _owned_paths(manifest: dict[str, object]) -> set[str]:
    """Return the paths that earlier applies have written."""
    owned = manifest.get("owned")
    return {str(path) for path in owned} if isinstance(owned, list) else set()


def _secret_paths(desired: Tree, owned: set[str]) -> frozenset[str]:
    """Return the paths whose content is never shown, whether it comes, stays or goes."""
    secret = {path for path, entry in desired.items() if isinstance(entry, File) and entry.is_secret}
    secret |= {path for path in owned if path.startswith(paths.INLINE_KEYS)}
    return frozenset(secret | set(paths.INGEST_CONFIG.values()))


def _changed_secrets(manifest: dict[str, object], fingerprints: dict[str, str]) -> frozenset[str]:
    """Return the users whose secret has changed since the last apply. New users are not among them."""
    known = manifest.get("secrets")
    before = known if isinstance(known, dict) else {}
    return frozenset(user for user, mark in fingerprints.items() if user in before and before[user] != mark)


def _with_usable_groups(tree: Tree, target: TargetMachine) -> Tree:
    """Return the tree as it can be written: below a --root no file has a group of this machine."""
    if target.is_this_machine:
        return tree
    return {
        path: replace(entry, group="root") if isinstance(entry, File) else entry
        for path, entry in tree.items()
    }


def _refuse_foreign(current: Tree, desired: Tree, owned: set[str]) -> None:
    """Raise RestreamError if a file that is not ours is where one of our files has to go."""
    for path, entry in current.items():
        is_known = path in owned or entry == desired.get(path) or path.startswith(paths.OWN_DIRECTORY)
        if not is_known and not (
            isinstance(entry, File) and any(mark in entry.content[:200] for mark in _SIGNATURES)
        ):
            raise RestreamError(
                f"{path} exists and was not made by restream-agent", hint="move it away; nothing was changed"
            )


def apply(
    config: Config,
    facts: Facts,
    *,
    target: TargetMachine,
    systemd: Systemd,
    prepare: Callable[[], None],
    lock_wait: float = files.LOCK_SECONDS,
) -> Plan:
    """Bring the target to what the configuration says, or leave it as it was; return what was done.

    `prepare` makes the fallback video if it is missing, by the settings that are then in place.
    `lock_wait` is how many seconds to wait for another apply to end. On a target that is not this
    machine, files are written and systemd is not used. Raises RestreamError; whatever was changed
    before the error is restored.
    """
    with files.lock(target.root, wait=lock_wait):
        plan = make_plan(config, facts, target)
        unfinished.clean(target.root, plan.desired)
        if plan.is_empty:
            prepare()
        else:
            if target.is_this_machine:
                machine.require_programs(config, facts)
                checks.check_staged(config, facts, plan.desired)
                checks.check_ports(config, systemd)
            _carry_out(plan, config, target, systemd, prepare)
            files.write(target.root, paths.MANIFEST, File(plan.manifest, mode=0o600))
            unfinished.write(target.root, Intent())
            _forget_requests(removed_channels(plan.changes), target)
        if target.is_this_machine:
            if plan.is_empty:
                polkit.require_rule(systemd, channels=channel_configs(config))
            _forget_failures(systemd, channel_configs(config))
        return plan


def _carry_out(
    plan: Plan, config: Config, target: TargetMachine, systemd: Systemd, prepare: Callable[[], None]
) -> None:
    """Make the changes and have systemd act on them; after a failure, restore what was there."""
    made: list[Change] = []
    earlier = unfinished.read(target.root)
    try:
        unfinished.write(target.root, Intent((*plan.desired, *earlier.owned), plan.actions))
        _write(plan, target, systemd, made, prepare)
        if target.is_this_machine:
            stopped = frozenset(_SERVERS) - {*systemd.active(*_SERVERS), *plan.actions.start}
            perform(plan.actions, systemd)
            checks.check_running(config, systemd, stopped)
            polkit.require_rule(systemd, channels=channel_configs(config))
    except BaseException:
        _restore(plan, made, target, systemd)
        with suppress(RestreamError):
            unfinished.write(target.root, earlier)
        raise


def _forget_failures(systemd: Systemd, channels: Iterable[Channel]) -> None:
    """Clear the failed state of an earlier apply and of earlier preparations: all have succeeded now."""
    preparations = (channel.unit(unit_names.PREPARE_UNIT) for channel in channels)
    states = systemd.active(unit_names.APPLY_UNIT, *preparations)
    failed = tuple(unit for unit, state in states.items() if state == "failed")
    systemd.change("reset-failed", failed, reason="a later apply has succeeded")


def _write(
    plan: Plan, target: TargetMachine, systemd: Systemd, made: list[Change], prepare: Callable[[], None]
) -> None:
    """Make every change, and note each in `made` before it is begun.

    Accounts come first: the files that follow belong to groups that they create. Then comes what the
    preparation of the fallback needs, which may take long and may fail: nothing else has changed by then.
    """

    def put_all(changes: list[Change]) -> None:
        for change in changes:
            made.append(change)
            put(change, target)

    accounts = [change for change in plan.changes if change.path in _ACCOUNTS]
    preparation = [change for change in plan.changes if _is_for_preparation(change)]
    put_all(accounts)
    if accounts and target.is_this_machine:
        systemd.create_accounts(*_ACCOUNTS)
    put_all(preparation)
    if preparation and target.is_this_machine:
        systemd.daemon_reload()
    prepare()
    put_all([change for change in plan.changes if change not in (*accounts, *preparation)])


def _forget_requests(channels: Iterable[str], target: TargetMachine) -> None:
    """Remove what the operator asked of channels that are gone: a later channel of the name begins anew."""
    for operator in (paths_of(name).operator for name in channels):
        for request in files.locate(target.root, operator).glob("*"):
            files.remove(target.root, f"{operator}/{request.name}")


def _is_for_preparation(change: Change) -> bool:
    """Whether the preparation needs a change. A channel that is removed keeps its fallback to the end."""
    is_channel_s = change.after is not None and _CHANNEL_FALLBACK.fullmatch(change.path) is not None
    return is_channel_s or change.path in _PREPARATION


def put(change: Change, target: TargetMachine) -> None:
    """Make one change."""
    if change.after is None:
        files.remove(target.root, change.path)
    else:
        files.write(target.root, change.path, change.after)
    log.info("%s %s", change.kind, change.path)


def perform(actions: Actions, systemd: Systemd) -> None:
    """Have systemd do what the changes need."""
    for channel in _channels(actions):
        broadcast_end.wait(systemd, channel)
    _stop(actions.stop, systemd)
    if actions.daemon_reload:
        systemd.daemon_reload()
    systemd.change("try-restart", actions.restart, reason="its configuration changed")
    if unit_names.AGENT_UNIT in actions.restart:
        # The agent of before may have woken a channel that is gone: its OBS was still connected.
        _stop(tuple(unit for unit in actions.stop if not unit_names.is_live_unit(unit)), systemd)
    systemd.change("try-reload-or-restart", actions.reload, reason="its configuration changed")
    systemd.change("start", actions.start, reason="newly configured")
    targets = [channel.unit(unit_names.TARGET) for channel in _channels(actions)]
    states = systemd.active(*targets, *actions.restart)

    def is_on_air(unit: str) -> bool:
        return channel_of(unit).unit(unit_names.TARGET) in states

    new = tuple(filter(is_on_air, actions.start_on_air))
    systemd.change("start", new, reason="newly configured while on air")
    given_up = (unit for unit in actions.restart if states.get(unit) == "failed" and is_on_air(unit))
    systemd.change("start", given_up, reason="it had given up, and its configuration changed")


def _stop(units: tuple[str, ...], systemd: Systemd) -> None:
    running = systemd.active(*units) if units else {}
    stop = tuple(unit for unit in units if unit in running)
    systemd.change("stop", stop, reason="no longer configured")


def _channels(actions: Actions) -> list[Channel]:
    """Return the channels whose broadcasts the actions touch, `main` first."""
    units = (*actions.stop, *actions.restart, *actions.reload, *actions.start, *actions.start_on_air)
    others = {channel_of(unit).name for unit in units} - {MAIN}
    return [MAIN_CHANNEL, *map(Channel, sorted(others))]


def _restore(plan: Plan, made: list[Change], target: TargetMachine, systemd: Systemd) -> None:
    """Undo the changes that were made. A change that cannot be undone is logged; the others are undone."""
    log.error("apply failed, restoring what was there")
    uses_systemd = target.is_this_machine and bool(made)
    undoing = tuple(change.inverse() for change in reversed(made))
    with suppress(RestreamError):
        if uses_systemd:
            systemd.change("stop", plan.actions.start, reason="it was not there before")
    for change in undoing:
        try:
            put(change, target)
        except RestreamError as error:
            log.error("%s", error.message)
    with suppress(RestreamError):
        if uses_systemd:
            actions = plan_actions(
                undoing,
                changed_secrets=frozenset(),
                relays=frozenset(),
                channels=channels_in(plan.desired),
            )
            perform(replace(actions, stop=()), systemd)
