"""From a checked configuration to a changed machine, or to the machine as it was."""

import logging
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import channel_paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.target import TargetMachine
from restream_agent.config.channels import channel_configs
from restream_agent.config.model import Config
from restream_agent.deploy import checks, machine, polkit, start_test, unconfirmed, unfinished
from restream_agent.deploy.changed_units import channels_in, removed_channels
from restream_agent.deploy.changes import Change
from restream_agent.deploy.effects import Effects, effects, units_of
from restream_agent.deploy.on_trial import ApplyTrial, on_trial
from restream_agent.deploy.perform import ACCOUNTS, forget_requests, perform, put, undoing_actions
from restream_agent.deploy.planning import Plan, make_plan
from restream_agent.deploy.unfinished import Intent
from restream_agent.render.facts import Facts
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Systemd

log = logging.getLogger(__name__)

_SERVERS = (unit_names.AGENT_UNIT, unit_names.INGEST_UNIT)
_PREPARATION = (paths.FALLBACK_SETTINGS, f"{paths.UNITS}/{unit_names.CONVERT_TEMPLATE}")
_CHANNEL_FALLBACK = re.compile(channel_paths("[^/]+").fallback_settings)


@dataclass(frozen=True)
class ApplyOutcome:
    """What an apply has done, or would do: its plan, and what that does to the units that run.

    `effects` is None for a target that is not this machine: nobody knows what runs there.
    """

    plan: Plan
    effects: Effects | None


def preview(config: Config, facts: Facts, *, target: TargetMachine, systemd: Systemd) -> ApplyOutcome:
    """Return what `apply` would do; RestreamError if it would refuse. Changes nothing."""
    plan = make_plan(config, facts, target)
    if not plan.is_empty:
        _examine(plan, config, facts, target, systemd)
    return ApplyOutcome(plan, _effects(plan, target, systemd))


def apply(
    config: Config,
    facts: Facts,
    *,
    target: TargetMachine,
    systemd: Systemd,
    prepare: Callable[[], None],
    lock_wait: float = files.LOCK_SECONDS,
    trial: ApplyTrial | None = None,
) -> ApplyOutcome:
    """Bring the target to what the configuration says, or leave it as it was; return what was done.

    `prepare` makes the fallback video if it is missing, by the settings that are then in place.
    `lock_wait` is how many seconds to wait for another apply to end. On a target that is not this
    machine, files are written and systemd is not used. With a `trial` the apply waits to be confirmed.
    Raises RestreamError; whatever was changed before the error is restored.
    """
    with files.lock(target.root, wait=lock_wait):
        unconfirmed.refuse(target.root)
        plan = make_plan(config, facts, target)
        unfinished.clean(target.root, plan.desired)
        outcome = ApplyOutcome(plan, _effects(plan, target, systemd))
        if plan.is_empty:
            prepare()
        else:
            _examine(plan, config, facts, target, systemd)
            if trial is None:
                _carry_out(plan, config, target, systemd, prepare)
                forget_requests(removed_channels(plan.changes), target)
            else:
                with on_trial(plan, facts, trial, target.root, systemd):
                    _carry_out(plan, config, target, systemd, prepare)
        _note(plan, target)
        if target.is_this_machine:
            if plan.is_empty:
                polkit.require_rule(systemd, channels=channel_configs(config))
            _forget_failures(systemd, channel_configs(config))
        return outcome


def _note(plan: Plan, target: TargetMachine) -> None:
    """Write the manifest if it says something new, and forget what was taken back before."""
    if plan.is_empty and not plan.is_recorded:
        files.write(target.root, paths.MANIFEST, File(plan.manifest, mode=0o600))
    files.remove(target.root, paths.TAKEN_BACK)


def _examine(plan: Plan, config: Config, facts: Facts, target: TargetMachine, systemd: Systemd) -> None:
    """Raise RestreamError for what would make an apply fail, before anything is changed."""
    if target.is_this_machine:
        machine.require_programs(config, facts)
        checks.check_staged(config, facts, plan.desired)
        checks.check_ports(config, systemd)


def _effects(plan: Plan, target: TargetMachine, systemd: Systemd) -> Effects | None:
    if not target.is_this_machine:
        return None
    return effects(plan.actions, systemd.active(*units_of(plan.actions)))


def _carry_out(
    plan: Plan, config: Config, target: TargetMachine, systemd: Systemd, prepare: Callable[[], None]
) -> None:
    """Make the changes and have systemd act on them; after a failure, restore what was there."""
    made: list[Change] = []
    is_asked = False
    earlier = unfinished.read(target.root)
    try:
        unfinished.write(target.root, Intent((*plan.desired, *earlier.owned), plan.actions))
        _write(plan, target, systemd, made, prepare)
        if target.is_this_machine:
            start_test.check_start(plan.desired)
            stopped = frozenset(_SERVERS) - {*systemd.active(*_SERVERS), *plan.actions.start}
            is_asked = True
            perform(plan.actions, systemd)
            checks.check_running(config, systemd, stopped)
            polkit.require_rule(systemd, channels=channel_configs(config))
    except BaseException:
        _restore(plan, made, target, systemd, is_asked=is_asked)
        with suppress(RestreamError):
            unfinished.write(target.root, earlier)
        raise
    files.write(target.root, paths.MANIFEST, File(plan.manifest, mode=0o600))
    unfinished.write(target.root, Intent())


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

    accounts = [change for change in plan.changes if change.path in ACCOUNTS]
    preparation = [change for change in plan.changes if _is_for_preparation(change)]
    put_all(accounts)
    if accounts and target.is_this_machine:
        systemd.create_accounts(*ACCOUNTS)
    put_all(preparation)
    if preparation and target.is_this_machine:
        systemd.daemon_reload()
    prepare()
    put_all([change for change in plan.changes if change not in (*accounts, *preparation)])


def _is_for_preparation(change: Change) -> bool:
    """Whether the preparation needs a change. A channel that is removed keeps its fallback to the end."""
    is_channel_s = change.after is not None and _CHANNEL_FALLBACK.fullmatch(change.path) is not None
    return is_channel_s or change.path in _PREPARATION


def _restore(
    plan: Plan, made: list[Change], target: TargetMachine, systemd: Systemd, *, is_asked: bool
) -> None:
    """Undo the changes that were made. A change that cannot be undone is logged; the others are undone.

    Unless systemd `is_asked` already to act on them, nothing that runs has changed.
    """
    log.error("apply failed, restoring what was there")
    uses_systemd = target.is_this_machine and bool(made)
    undoing = tuple(change.inverse() for change in reversed(made))
    with suppress(RestreamError):
        if uses_systemd and is_asked:
            systemd.change("stop", plan.actions.start, reason="it was not there before")
    for change in undoing:
        try:
            put(change, target)
        except RestreamError as error:
            log.error("%s", error.message)
    with suppress(RestreamError):
        if uses_systemd and is_asked:
            actions = undoing_actions(undoing, channels_in(plan.desired))
            perform(replace(actions, stop=()), systemd)
        elif uses_systemd:
            systemd.daemon_reload()
