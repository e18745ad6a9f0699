"""Entries of the journal: what journalctl is asked for, and its JSON. Pure.

The fields are described in systemd.journal-fields(7), the JSON in journalctl(1).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

_FIELDS = (
    "MESSAGE", "PRIORITY", "MESSAGE_ID", "_SYSTEMD_UNIT", "UNIT", "COREDUMP_UNIT", "EXIT_CODE", "EXIT_STATUS",
    "UNIT_RESULT", "N_RESTARTS", "JOB_TYPE",
)  # fmt: skip

_INFO = 6


@dataclass(frozen=True)
class Entry:
    """One entry: its time in seconds since 1970, the unit that it is about, its text and syslog priority.

    `kind` is the id of systemd's message catalog, "" if it has none. `is_systemd` says that the service
    manager has written it, not the unit itself. `details` has those of systemd's fields that it has.
    """

    at: float
    unit: str
    text: str
    priority: int = _INFO
    kind: str = ""
    is_systemd: bool = False
    details: dict[str, str] = field(default_factory=dict)


def command(units: Iterable[str], *, since: str, lines: int | None, follows: bool) -> tuple[str, ...]:
    """Return the command that prints the entries of units, oldest first, one JSON object in a line.

    `units` may have patterns. `since` is a time that journalctl takes, "" for the beginning; `lines` is how
    many of the newest entries are printed, None for all.
    """
    return (
        "journalctl",
        "--output=json",
        f"--output-fields={','.join(_FIELDS)}",
        "--no-pager",
        "--all",  # else a long message is null
        *((f"--since={since}",) if since else ()),
        # --follow alone would begin with the last ten entries.
        *((f"--lines={'all' if lines is None else lines}",) if follows or lines is not None else ()),
        *(("--follow",) if follows else ()),
        *(f"--unit={unit}" for unit in units),
    )


def read(line: str) -> Entry | None:
    """Read a line of journalctl's; None for a line that is no entry, such as "-- No entries --"."""
    try:
        fields = json.loads(line)
        at = int(fields["__REALTIME_TIMESTAMP"]) / 1e6
    except (ValueError, KeyError, TypeError):
        return None
    texts = {name: _text(value) for name, value in fields.items()}
    own = texts.get("_SYSTEMD_UNIT", "")
    is_systemd = own == "init.scope"
    unit = texts.get("COREDUMP_UNIT") or (texts.get("UNIT", "") if is_systemd else own)
    priority = texts.get("PRIORITY", "")
    return Entry(
        at=at,
        unit=unit,
        text=texts.get("MESSAGE", ""),
        priority=int(priority) if priority in tuple("01234567") else _INFO,
        kind=texts.get("MESSAGE_ID", ""),
        is_systemd=is_systemd,
        details={name: texts[name] for name in _FIELDS[6:] if name in texts},
    )


def _text(value: object) -> str:
    """Return a field as text: what is no text is a list of bytes, several of a name a list of texts."""
    if isinstance(value, list):
        if all(isinstance(each, int) for each in value):
            return bytes(each & 0xFF for each in value).decode("utf-8", "replace")
        return "\n".join(_text(each) for each in value)
    return value if isinstance(value, str) else ""
