"""What an apply does to what runs: which units stop, restart and start, and which change later. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from restream_agent.deploy.plan import Actions
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import channel_of


@dataclass(frozen=True)
class Effects:
    """The units that notice an apply, by what happens to them.

    Units in `next_broadcast` do not run: what has changed of them is used when they start. Those in
    `next_start` run on unchanged until then. `is_on_air` says whether a broadcast was running.
    """

    stops: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    reloads: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    next_broadcast: tuple[str, ...] = ()
    next_start: tuple[str, ...] = ()
    is_on_air: bool = False


def effects(actions: Actions, active: Mapping[str, str]) -> Effects:
    """Return what actions do to a machine; `active` has its units that are not inactive (Systemd.active)."""
    running = {unit for unit, state in active.items() if state != "failed"}

    def is_on_air(unit: str) -> bool:
        return channel_of(unit).unit(unit_names.TARGET) in running

    def runs(unit: str) -> bool:
        return any(fnmatchcase(each, unit) for each in running)

    failed = {unit for unit in actions.restart if active.get(unit) == "failed" and is_on_air(unit)}
    waiting = [
        *(unit for unit in actions.restart if not runs(unit) and unit not in failed),
        *(unit for unit in actions.start_on_air if not is_on_air(unit)),
        *(unit for unit in (*actions.reload, *actions.next_start) if not runs(unit)),
    ]
    return Effects(
        stops=tuple(filter(runs, actions.stop)),
        restarts=tuple(filter(runs, actions.restart)),
        reloads=tuple(filter(runs, actions.reload)),
        starts=(*actions.start, *sorted(failed), *filter(is_on_air, actions.start_on_air)),
        next_broadcast=tuple(unit for unit in waiting if _is_of_a_broadcast(unit)),
        next_start=tuple(filter(runs, actions.next_start)),
        is_on_air=any(unit.startswith("restream") and unit.endswith(".target") for unit in running),
    )


def units_of(actions: Actions) -> tuple[str, ...]:
    """Return the units, and patterns of units, whose states `effects` has to know."""
    units = (
        *actions.stop, *actions.restart, *actions.reload, *actions.start, *actions.start_on_air,
        *actions.next_start,
    )  # fmt: skip
    targets = (channel_of(unit).unit(unit_names.TARGET) for unit in units)
    return tuple(dict.fromkeys((unit_names.TARGET, *units, *targets)))


def _is_of_a_broadcast(unit: str) -> bool:
    """Whether a unit runs only while its channel is on air."""
    return unit.startswith(("ffmpeg-relay@", "fallback"))
