"""What the operator asks for by hand: on air, off air."""

import os
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.cli import status_view
from restream_agent.fallback import preparation
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.systemd import systemctl, unit_names


def _require_root() -> None:
    systemctl.require_running()
    if os.geteuid() != 0:
        raise RestreamError("this changes what is on air and has to be root", hint="use sudo")


def on_air() -> None:
    """Start a broadcast with the fallback; one that is on air already goes on."""
    _require_root()
    manager = systemctl.Systemd()
    _wish("open")
    (Path(paths.OPERATOR) / "end").unlink(missing_ok=True)
    # The target waits for none of what it wants, and the program has to be there for what follows.
    manager.change("start", (unit_names.TARGET, unit_names.PROGRAM_UNIT), reason="asked for by the operator")
    manager.change("reload", (unit_names.PROGRAM_UNIT,), reason="to open with the fallback")


def off_air() -> None:
    """End the broadcast at once."""
    _require_root()
    _wish("end")
    systemctl.Systemd().change("start", (unit_names.HOLD_SERVICE,), reason="asked for by the operator")


def take_break(*, wanted: bool) -> None:
    """Have the program stay on the fallback, or no longer; RestreamError while off air."""
    _require_root()
    manager = systemctl.Systemd()
    if unit_names.TARGET not in manager.active(unit_names.TARGET):
        raise RestreamError(
            "nothing is on air", hint="restream-agent on-air starts a broadcast with the fallback"
        )
    if wanted:
        _wish("break")
    else:
        (Path(paths.OPERATOR) / "break").unlink(missing_ok=True)
    manager.change("reload", (unit_names.PROGRAM_UNIT,), reason="asked for by the operator")


def prepare(file: Path | None, *, progress: ProgressCallback | None) -> str:
    """Prepare the configured fallback and use it, or prepare another file; return what to say about it."""
    wanted = preparation.Wanted.read()
    root = Path("/")
    if file is None:
        return f"in use from the next hand-off: {preparation.prepare(wanted, root, progress)}"
    prepared = preparation.prepare_file(wanted, (file.absolute(),), root, progress)
    return f"prepared: {prepared}\nto use it, set fallback.video to {str(file.absolute())!r} and apply"


def match() -> str:
    """Learn what OBS sends and make the fallback look like it; return what to log."""
    publisher = status_view.fetch()["publisher"]
    if publisher is None:
        return "nobody publishes, nothing to match"
    wanted = preparation.Wanted.read()
    profile = preparation.learn(wanted, publisher["stream"])
    prepared = preparation.prepare(wanted, Path("/"))
    return f"OBS sends {profile.label()}; in use from the next hand-off: {prepared.name}"


def _wish(name: str) -> None:
    """Leave word for the agent and the program, which look into this directory."""
    mark = Path(paths.OPERATOR) / name
    try:
        mark.touch()
    except OSError as error:
        raise RestreamError(f"{mark}: {error.strerror}", hint="run restream-agent apply first") from error
