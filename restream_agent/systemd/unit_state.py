"""What systemd says of a unit, read from `systemctl show`. Pure. Properties: org.freedesktop.systemd1(5)."""

from dataclasses import dataclass

PROPERTIES = (
    "Id", "ActiveState", "NRestarts", "StatusText", "ActiveEnterTimestampMonotonic", "InvocationID",
)  # fmt: skip


@dataclass(frozen=True)
class UnitState:
    """One unit: `since` is when it last became active, in seconds of the monotonic clock, 0 if it never was.

    `restarts` counts what systemd has restarted by itself since the last start by hand; `words` is what
    the service says of itself; `run` identifies this run of it.
    """

    active: str = "inactive"
    restarts: int = 0
    words: str = ""
    since: float = 0.0
    run: str = ""

    @property
    def is_up(self) -> bool:
        """Whether it is on, or on its way there."""
        return self.active not in ("inactive", "failed", "deactivating")


def read(shown: str) -> dict[str, UnitState]:
    """Read blocks of properties, an empty line between them; units that are inactive are left out."""
    found = {}
    for block in shown.strip().split("\n\n"):
        values = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        if values.get("ActiveState", "inactive") != "inactive":
            found[values["Id"]] = UnitState(
                active=values["ActiveState"],
                restarts=_number(values.get("NRestarts", "")),
                words=values.get("StatusText", ""),
                since=_number(values.get("ActiveEnterTimestampMonotonic", "")) / 1e6,
                run=values.get("InvocationID", ""),
            )
    return found


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
