"""Which units have to notice the changes, and how. Pure: changes in, actions out.

The rules name the plain units of one channel; changed_units.py says whose unit a changed file is for.
"""

from dataclasses import dataclass, field
from itertools import takewhile

from restream_agent.base import paths
from restream_agent.base.channel_paths import paths_of
from restream_agent.base.file_tree import File, Link
from restream_agent.config.secret_uses import INGEST
from restream_agent.deploy.changed_units import changed_units, removed_channels
from restream_agent.deploy.changes import Change
from restream_agent.render.ingest_walls import without_walls
from restream_agent.render.relays import connection, launched_directives
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.directives import directives

_DROP_IN = "/10-restream.conf"
_STOPPED_WHEN_DELETED = (unit_names.HOLD_TIMER, unit_names.NOTIFY_SOCKET, unit_names.NOTIFY_UNIT)
_RESTARTED_WHEN_UPDATED = (unit_names.PROGRAM_UNIT, unit_names.INGEST_UNIT, unit_names.NOTIFY_UNIT)
_SERVICES = {
    unit_names.RELAY_DOOR: unit_names.PROGRAM_UNIT,
    unit_names.LIVE_DOOR: unit_names.PROGRAM_UNIT,
    unit_names.AGENT_SOCKET: unit_names.AGENT_UNIT,
    unit_names.NOTIFY_SOCKET: unit_names.NOTIFY_UNIT,
}
"""The service of each socket."""

_RUNNING = (
    unit_names.TARGET,
    unit_names.PROGRAM_UNIT,
    unit_names.RELAY_DOOR,
    unit_names.LIVE_DOOR,
    unit_names.PREPARE_UNIT,
)
"""The units of a channel that may run, besides its relays, its timer and what ends by itself in a moment."""

_AT_THE_NEXT_START = ("Slice=", "LoadCredential=play-key:")
"""What a running unit can do without: its part in keeping several channels apart."""

_CONNECTED = (unit_names.LIVE_TEMPLATE, unit_names.PROGRAM_UNIT, unit_names.INGEST_UNIT, *_SERVICES)
"""Units whose restart is noticed: it ends OBS's connection, refuses a hook or shows the fallback. Comments
alone do not restart them."""


@dataclass(frozen=True)
class Actions:
    """What systemd is asked to do after the files are in place, in this order.

    `restart` and `reload` touch only units that are active. `start` names units that must run from now
    on. `start_on_air` names new relays, which start only while on air. `next_start` names units for
    which nothing is done: their changes take effect at the unit's next start.
    """

    daemon_reload: bool = False
    stop: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    start_on_air: tuple[str, ...] = ()
    next_start: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return self == Actions()

    def lines(self) -> tuple[str, ...]:
        """Return a line for each unit: what happens to it, and its name."""
        verbs = {
            "stop": self.stop,
            "restart": self.restart,
            "reload": self.reload,
            "start": self.start,
            "start while on air": self.start_on_air,
            "takes effect at its next start:": self.next_start,
        }
        return tuple(f"{verb} {unit}" for verb, units in verbs.items() for unit in units)


@dataclass
class _Units:
    """Sets of units while they are collected; the names are those of `Actions`."""

    stop: set[str] = field(default_factory=set)
    restart: set[str] = field(default_factory=set)
    start_on_air: set[str] = field(default_factory=set)
    next_start: set[str] = field(default_factory=set)


def plan_actions(
    changes: tuple[Change, ...],
    *,
    changed_secrets: frozenset[str],
    relays: frozenset[str],
    channels: frozenset[str] = frozenset(),
) -> Actions:
    """Work out which units have to notice the changes.

    `changed_secrets` names the users of each secret that has changed, as `SecretUse.user` does.
    `relays` names the relays of the new configuration, and `channels` its channels but `main`.
    """
    kinds = {change.path: change.kind for change in changes}
    everyone = (MAIN_CHANNEL, *map(Channel, sorted(channels)))
    units = _units_with_changed_files(changes, relays, channels)
    units.stop |= _units_of_removed_channels(changes)
    units.restart |= {unit_names.relay_unit(name) for name in changed_secrets & relays} - units.start_on_air
    if _agent_changed(kinds, everyone) or changed_secrets & {each.relay(INGEST) for each in everyone}:
        units.restart.add(unit_names.AGENT_UNIT)
    if kinds.get(paths.NOTIFY_SETTINGS) == "update" or any(
        user.startswith("notify.") for user in changed_secrets
    ):
        units.restart.add(unit_names.NOTIFY_UNIT)
    programs = {
        each.unit(unit_names.PROGRAM_UNIT)
        for each in everyone
        if kinds.get(paths_of(each.name).program_settings) == "update"
    }
    reload = programs - units.restart
    ingest = next((change for change in changes if _is_new_ingest_config(change)), None)
    if ingest is not None and not _is_worth_a_restart(ingest):
        units.next_start |= {unit_names.INGEST_UNIT} if _has_other_walls(ingest) else set()
    elif ingest is not None and unit_names.INGEST_UNIT not in units.restart:
        (reload if _can_reload(ingest) else units.restart).add(unit_names.INGEST_UNIT)
    if kinds.get(f"{paths.UNITS}/{unit_names.INGEST_UNIT}") == "delete":
        units.stop.add(unit_names.INGEST_UNIT)
    return Actions(
        daemon_reload=any(path.startswith(f"{paths.UNITS}/") for path in kinds),
        stop=tuple(sorted(units.stop)),
        restart=tuple(sorted(units.restart)),
        reload=tuple(sorted(reload)),
        start=_newly_enabled(changes),
        start_on_air=tuple(sorted(units.start_on_air)),
        next_start=tuple(sorted(units.next_start - units.restart - units.start_on_air)),
    )


def _units_with_changed_files(
    changes: tuple[Change, ...], relays: frozenset[str], channels: frozenset[str]
) -> _Units:
    """Collect the units whose unit file or drop-in has changed."""
    units = _Units()
    known = channels | removed_channels(changes)
    for change in changes:
        unit = change.path.removeprefix(f"{paths.UNITS}/").removesuffix(_DROP_IN).removesuffix(".d")
        if unit == unit_names.REPORT_TEMPLATE and change.kind == "update" and _is_worth_a_restart(change):
            # systemd restarts a socket only together with its service.
            units.restart |= {unit_names.AGENT_UNIT, *map(unit_names.report_door, channels)}
        for channel, plain in changed_units(unit, known):
            if unit == unit_names.RELAY_TEMPLATE and change.kind == "update":
                units.next_start |= {unit_names.relay_unit(name) for name in relays if "." not in name}
            elif unit.startswith("ffmpeg-relay@") and unit != unit_names.RELAY_TEMPLATE:
                _collect_relay(units, unit, change)
            elif unit.startswith("live@") and unit != unit_names.LIVE_TEMPLATE:
                _collect_live(units, unit, change)
            else:
                _collect(units, channel, plain, change)
    return units


def _collect(units: _Units, channel: Channel, plain: str, change: Change) -> None:
    """Collect what follows from a changed unit that is neither a relay nor a channel's player."""
    unit = channel.unit(plain)
    if plain in _CONNECTED and not _is_worth_a_restart(change):
        return
    if plain == unit_names.LIVE_TEMPLATE and change.kind == "update":
        units.restart.add(unit_names.instances_of(unit_names.LIVE_TEMPLATE))
    elif change.kind == "delete" and plain in _STOPPED_WHEN_DELETED:
        units.stop.add(unit)
    elif change.kind == "update" and plain in _RESTARTED_WHEN_UPDATED:
        units.restart.add(unit)
    elif change.kind == "update" and plain in _SERVICES:
        # systemd restarts a socket only together with its service.
        units.restart |= {unit, channel.unit(_SERVICES[plain])}


def _collect_live(units: _Units, unit: str, change: Change) -> None:
    """Collect the player of a channel.

    A player that runs while its unit file comes into being is of `main`, where the stream's name was free.
    """
    if change.kind == "create":
        units.stop.add(unit)
    elif change.kind == "update" and _is_worth_a_restart(change):
        units.restart.add(unit)


def _units_of_removed_channels(changes: tuple[Change, ...]) -> set[str]:
    """Return what may run of a channel that is gone. Its relays and its timer have files of their own."""
    return {
        unit
        for channel in map(Channel, removed_channels(changes))
        for unit in (
            *map(channel.unit, _RUNNING),
            unit_names.live_unit(channel.name),
            unit_names.report_door(channel.name),
            unit_names.channel_slice(channel.name),
        )
    }


def _collect_relay(units: _Units, unit: str, change: Change) -> None:
    if change.kind == "create":
        units.start_on_air.add(unit)
    elif change.kind == "delete":
        units.stop.add(unit)
    elif _is_another_connection(change):
        units.restart.add(unit)
    else:
        units.next_start.add(unit)


def _is_another_connection(change: Change) -> bool:
    """Whether a relay's drop-in now names another key, encoding or URL: only then is its connection ended."""
    if not isinstance(change.before, File) or not isinstance(change.after, File):
        return True
    return connection(change.before.content) != connection(change.after.content)


def _is_worth_a_restart(change: Change) -> bool:
    """Whether more has changed than text for readers, the launcher, and what keeps channels apart.

    A restart ends the connections of the ingest server, `live@` or a socket. The walls between channels,
    which the first channel brings and the last takes away, are there from the next start on.
    """
    if not isinstance(change.before, File) or not isinstance(change.after, File):
        return True
    return _at_once(change.before) != _at_once(change.after)


def _at_once(file: File) -> list[str]:
    """Return the directives of a file that a running unit needs at once."""
    lines = launched_directives(without_walls(file.content))
    return [line for line in lines if not line.startswith(_AT_THE_NEXT_START)]


def _agent_changed(kinds: dict[str, str], channels: tuple[Channel, ...]) -> bool:
    """Whether the agent has to start anew. Its drop-in names each channel, one that is gone too."""
    noticed = (
        *(paths_of(channel.name).agent_settings for channel in channels),
        paths.HOOK_TOKEN,
        f"{paths.UNITS}/{unit_names.AGENT_UNIT}",
        f"{paths.UNITS}/{unit_names.AGENT_UNIT}.d{_DROP_IN}",
    )
    is_new = kinds.get(f"{paths.UNITS}/{unit_names.AGENT_UNIT}") == "create"
    return not is_new and any(path in kinds for path in noticed)


def _newly_enabled(changes: tuple[Change, ...]) -> tuple[str, ...]:
    """Return the units that a new link in a .wants directory enables, sockets first."""
    links = [change.path for change in changes if isinstance(change.after, Link) and change.before is None]
    units = [path.rpartition("/")[2] for path in links]
    return tuple(sorted(units, key=lambda unit: (not unit.endswith(".socket"), unit)))


def _is_new_ingest_config(change: Change) -> bool:
    return change.path in paths.INGEST_CONFIG.values() and change.kind == "update"


def _has_other_walls(change: Change) -> bool:
    """Whether the ingest server's configuration, at its next start, keeps channels apart in another way."""
    assert isinstance(change.before, File)
    assert isinstance(change.after, File)
    return directives(change.before.content) != directives(change.after.content)


def _can_reload(change: Change) -> bool:
    """Whether the ingest server takes the change on SIGHUP without dropping a connection.

    SRS does for what is in its vhost (SrsConfig::reload_conf of 6.0). nginx would keep a publisher
    in the old worker process and let live@ into the new worker, so nginx is restarted.
    """
    if change.path != paths.INGEST_CONFIG["srs"]:
        return False
    assert isinstance(change.before, File)
    assert isinstance(change.after, File)
    return _before_vhost(change.before.content) == _before_vhost(change.after.content)


def _before_vhost(config: str) -> tuple[str, ...]:
    return tuple(takewhile(lambda line: not line.startswith("vhost "), directives(config)))
