"""What the operator asks for by hand: on air, off air."""

import os
from pathlib import Path

from restream_agent import names, paths, systemd
from restream_agent.errors import RestreamError


def _require_root() -> None:
    systemd.require_running()
    if os.geteuid() != 0:
        raise RestreamError("this changes what is on air and has to be root", hint="use sudo")


def on_air() -> None:
    """Start a broadcast with the fallback; one that is on air already goes on."""
    _require_root()
    manager = systemd.Systemd()
    _wish("open")
    (Path(paths.OPERATOR) / "end").unlink(missing_ok=True)
    manager.change("start", (names.TARGET,), reason="asked for by the operator")
    manager.change("reload", (names.PROGRAM_UNIT,), reason="to open with the fallback")


def off_air() -> None:
    """End the broadcast at once."""
    _require_root()
    _wish("end")
    systemd.Systemd().change("start", (names.HOLD_SERVICE,), reason="asked for by the operator")


def _wish(name: str) -> None:
    """Leave word for the agent and the program, which look into this directory."""
    mark = Path(paths.OPERATOR) / name
    try:
        mark.touch()
    except OSError as error:
        raise RestreamError(f"{mark}: {error.strerror}", hint="run restream-agent apply first") from error
