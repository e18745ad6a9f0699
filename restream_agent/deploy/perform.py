"""Makes a change on the machine, and has systemd do what the changes need."""

import logging
from collections.abc import Iterable

from restream_agent.base import files, paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.target import TargetMachine
from restream_agent.deploy.changes import Change
from restream_agent.deploy.plan import Actions, plan_actions
from restream_agent.systemd import broadcast_end, unit_names
from restream_agent.systemd.channels import MAIN, MAIN_CHANNEL, Channel, channel_of
from restream_agent.systemd.systemctl import Systemd

log = logging.getLogger(__name__)

ACCOUNTS = (paths.SYSUSERS, paths.TMPFILES)
"""The files that users and directories are made from."""


def put(change: Change, target: TargetMachine) -> None:
    """Make one change."""
    if change.after is None:
        files.remove(target.root, change.path)
    else:
        files.write(target.root, change.path, change.after)
    log.info("%s %s", change.kind, change.path)


def forget_requests(channels: Iterable[str], target: TargetMachine) -> None:
    """Remove what the operator asked of channels that are gone: a later channel of the name begins anew."""
    for operator in (paths_of(name).operator for name in channels):
        for request in files.locate(target.root, operator).glob("*"):
            files.remove(target.root, f"{operator}/{request.name}")


def undoing_actions(changes: tuple[Change, ...], channels: frozenset[str]) -> Actions:
    """Return what systemd has to do about changes that put back what was there.

    `channels` are those of the files that are put back. A key that was in the TOML is a file, named after its
    user; keys that are stored stay as they are.
    """
    keys = f"{paths.INLINE_KEYS}/"
    users = frozenset(
        change.path.removeprefix(keys)
        for change in changes
        if change.kind == "update" and change.path.startswith(keys)
    )
    return plan_actions(changes, changed_secrets=users, relays=users, channels=channels)


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
