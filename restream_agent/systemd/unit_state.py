"""The state of units, read from the output of `systemctl show`. Pure.

The properties are described in org.freedesktop.systemd1(5).
"""

from collections.abc import Mapping
from dataclasses import dataclass

PROPERTIES = (
    "Id", "ActiveState", "NRestarts", "StatusText", "ActiveEnterTimestampMonotonic", "InvocationID",
    "ExecMainStatus", "Job", "InactiveEnterTimestampMonotonic", "ExecMainStartTimestampMonotonic",
)  # fmt: skip


@dataclass(frozen=True)
class UnitState:
    """The state of one unit.

    `active` is systemd's ActiveState. `restarts` counts the restarts that systemd has made since the last
    start by hand. `words` is the service's own STATUS=. `since` is when the unit last became active, in
    seconds of the monotonic clock, 0 if never. `run` identifies the current run of the unit. `exit_status`
    is that of the main process which has ended last. `has_job` is true while systemd is about to start or
    stop the unit. `ended` is when the unit last became inactive and `started` when its main process started,
    both as `since`.
    """

    active: str = "inactive"
    restarts: int = 0
    words: str = ""
    since: float = 0.0
    run: str = ""
    exit_status: int = 0
    has_job: bool = False
    ended: float = 0.0
    started: float = 0.0

    @property
    def is_up(self) -> bool:
        """Whether the unit is active or is starting."""
        return self.active not in ("inactive", "failed", "deactivating")


def read(shown: str) -> dict[str, UnitState]:
    """Return the states of units by name, from blocks of "Property=value" lines.

    A unit that has not run since the machine started is left out.
    """
    states = {}
    for block in shown.strip().split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        ended = _seconds(values, "InactiveEnterTimestampMonotonic")
        if values.get("ActiveState", "inactive") != "inactive" or ended:
            states[values["Id"]] = UnitState(
                active=values["ActiveState"],
                restarts=_number(values.get("NRestarts", "")),
                words=values.get("StatusText", ""),
                since=_seconds(values, "ActiveEnterTimestampMonotonic"),
                run=values.get("InvocationID", ""),
                exit_status=_number(values.get("ExecMainStatus", "")),
                has_job=_number(values.get("Job", "")) > 0,
                ended=ended,
                started=_seconds(values, "ExecMainStartTimestampMonotonic"),
            )
    return states


def _seconds(values: Mapping[str, str], name: str) -> float:
    return _number(values.get(name, "")) / 1e6


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
