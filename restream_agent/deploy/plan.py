"""What would change, and which units would notice. Pure: two trees in, changes and actions out."""

import difflib
from dataclasses import dataclass

from restream_agent.base import paths
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.systemd import unit_names

_RELAY_DROP_IN = "/10-restream.conf"


@dataclass(frozen=True)
class Change:
    """One path whose entry differs; None stands for nothing there."""

    path: str
    before: File | Link | None
    after: File | Link | None

    @property
    def kind(self) -> str:
        """Return "create", "update" or "delete"."""
        if self.before is None:
            return "create"
        return "delete" if self.after is None else "update"

    def inverse(self) -> "Change":
        """Return the change that undoes this one."""
        return Change(self.path, self.after, self.before)


@dataclass(frozen=True)
class Actions:
    """What systemd is asked to do after the files are in place, in this order.

    `restart` and `reload` touch only units that are active; `start` means units that must run from
    now on. A relay that is new is started only while on air (`start_on_air`).
    """

    accounts: bool = False
    daemon_reload: bool = False
    stop: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    start_on_air: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return self == Actions()


def changes(current: Tree, desired: Tree) -> tuple[Change, ...]:
    """Return what differs, by path. `current` holds what stands at desired and at owned paths."""
    found = (Change(path, current.get(path), desired.get(path)) for path in sorted({*current, *desired}))
    return tuple(change for change in found if change.before != change.after)


def describe(found: tuple[Change, ...]) -> str:
    """Return the changes as a unified diff; of secrets it says only that they change."""
    return "".join(_described(change) for change in found)


def _described(change: Change) -> str:
    entries = [entry for entry in (change.before, change.after) if entry is not None]
    if any(isinstance(entry, File) and entry.is_secret for entry in entries):
        return f"--- {change.path}\n+++ {change.path}\n@@ {change.kind}: holds a secret, not shown @@\n"
    before, after = _lines(change.before), _lines(change.after)
    names_of = (
        ("/dev/null" if change.before is None else change.path),
        ("/dev/null" if change.after is None else change.path),
    )
    text = "".join(difflib.unified_diff(before, after, *names_of))
    return text or f"--- {change.path}\n+++ {change.path}\n@@ {_attributes(change)} @@\n"


def _lines(entry: File | Link | None) -> list[str]:
    if entry is None:
        return []
    text = entry.content if isinstance(entry, File) else f"link to {entry.target}"
    return [line if line.endswith("\n") else f"{line}\n" for line in text.splitlines(keepends=True)]


def _attributes(change: Change) -> str:
    if isinstance(change.before, File) and isinstance(change.after, File):
        old, new = change.before, change.after
        return f"mode {old.mode:04o} to {new.mode:04o}, group {old.group} to {new.group}"
    return "replaced"


def actions(found: tuple[Change, ...], *, changed_secrets: frozenset[str], relays: frozenset[str]) -> Actions:
    """Work out which units have to notice the changes.

    `changed_secrets` names whose secret has changed: relays, "ingest" for the publisher's key, or a
    key of `[notify]`.
    `relays` are the relays that the new configuration has.
    """
    kinds = {change.path: change.kind for change in found}
    stop, start_on_air, restart = _relay_actions(kinds, relays)
    restart |= {unit_names.relay_unit(name) for name in changed_secrets & relays} - start_on_air
    if _agent_changed(kinds) or "ingest" in changed_secrets:
        restart.add(unit_names.AGENT_UNIT)
    if kinds.get(paths.NOTIFY_SETTINGS) == "update" or any(
        user.startswith("notify.") for user in changed_secrets
    ):
        restart.add(unit_names.NOTIFY_UNIT)
    reload = set()
    if kinds.get(paths.PROGRAM_SETTINGS) == "update" and unit_names.PROGRAM_UNIT not in restart:
        reload.add(unit_names.PROGRAM_UNIT)
    ingest = next((change for change in found if change.path in paths.INGEST_CONFIG.values()), None)
    if ingest is not None and ingest.kind == "update" and unit_names.INGEST_UNIT not in restart:
        (reload if _can_reload(ingest) else restart).add(unit_names.INGEST_UNIT)
    is_gone = kinds.get(f"{paths.UNITS}/{unit_names.INGEST_UNIT}") == "delete"
    return Actions(
        accounts=paths.SYSUSERS in kinds or paths.TMPFILES in kinds,
        daemon_reload=any(path.startswith(f"{paths.UNITS}/") for path in kinds),
        stop=tuple(sorted(stop | ({unit_names.INGEST_UNIT} if is_gone else set()))),
        restart=tuple(sorted(restart)),
        reload=tuple(sorted(reload)),
        start=_wanted(found),
        start_on_air=tuple(sorted(start_on_air)),
    )


def _relay_actions(kinds: dict[str, str], relays: frozenset[str]) -> tuple[set[str], set[str], set[str]]:
    """Return the relays to stop, to start while on air, and all units to restart for their own file."""
    stop, start, restart = set[str](), set[str](), set[str]()
    for path, kind in kinds.items():
        unit = path.removeprefix(f"{paths.UNITS}/").removesuffix(_RELAY_DROP_IN).removesuffix(".d")
        if unit == unit_names.RELAY_TEMPLATE and kind == "update":
            restart |= {unit_names.relay_unit(name) for name in relays}
        elif unit == unit_names.LIVE_TEMPLATE and kind == "update":
            restart.add(unit_names.LIVE_TEMPLATE.replace("@", "@*"))
        elif unit.startswith("ffmpeg-relay@") and unit != unit_names.RELAY_TEMPLATE:
            {"create": start, "update": restart, "delete": stop}[kind].add(unit)
        elif kind == "delete" and unit in (
            unit_names.HOLD_TIMER,
            unit_names.NOTIFY_SOCKET,
            unit_names.NOTIFY_UNIT,
        ):
            stop.add(unit)
        elif kind == "update" and unit in (
            unit_names.PROGRAM_UNIT,
            unit_names.INGEST_UNIT,
            unit_names.NOTIFY_UNIT,
        ):
            restart.add(unit)
        elif kind == "update" and unit in (
            unit_names.PROGRAM_SOCKET,
            unit_names.AGENT_SOCKET,
            unit_names.NOTIFY_SOCKET,
        ):
            # A socket restarts only together with its service.
            restart |= {unit, unit.replace(".socket", ".service")}
    return stop, start, restart - start


def _agent_changed(kinds: dict[str, str]) -> bool:
    noticed = (
        paths.AGENT_SETTINGS,
        paths.HOOK_TOKEN,
        f"{paths.UNITS}/{unit_names.AGENT_UNIT}",
        f"{paths.UNITS}/{unit_names.AGENT_UNIT}.d/10-restream.conf",
    )
    is_new = kinds.get(f"{paths.UNITS}/{unit_names.AGENT_UNIT}") == "create"
    return not is_new and any(path in kinds for path in noticed)


def _wanted(found: tuple[Change, ...]) -> tuple[str, ...]:
    """Return the units that a new link in a .wants directory asks for, sockets first."""
    links = [change.path for change in found if isinstance(change.after, Link) and change.before is None]
    units = [path.rpartition("/")[2] for path in links]
    return tuple(sorted(units, key=lambda unit: (not unit.endswith(".socket"), unit)))


def _can_reload(change: Change) -> bool:
    """Whether the server takes the change on SIGHUP without dropping anybody.

    SRS does for what is in its vhost (SrsConfig::reload_conf of 6.0). nginx would keep a publisher
    in the old worker process and let live@ into the new one, so it is restarted.
    """
    if change.path != paths.INGEST_CONFIG["srs"]:
        return False
    assert isinstance(change.before, File)
    assert isinstance(change.after, File)
    return change.before.content.partition("\nvhost ")[0] == change.after.content.partition("\nvhost ")[0]
