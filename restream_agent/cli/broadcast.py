"""What an operator does to a broadcast by hand: on air, off air, a break, another fallback video."""

import os
import time
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.target import THIS_MACHINE
from restream_agent.cli import status_view
from restream_agent.cli.applied import require_applied
from restream_agent.config.problems import toml_value
from restream_agent.deploy import conversion_unit
from restream_agent.fallback import preparation
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.systemd import broadcast_end, systemctl, unit_names
from restream_agent.systemd.sd_notify import ServiceManager
from restream_agent.wire.conversion_status import ConversionStatus
from restream_agent.wire.status_report import LiveStatus

_SEEN_WITHIN = 15.0
"""Seconds. The program measures the frame rate of a stream that states none over 2 s."""

_LOOK_EVERY = 0.5
"""Seconds between two looks at the status. The program reports so often."""

_REASON = "asked for by the operator"


def on_air() -> str:
    """Start a broadcast with the fallback, or end the hold of one that is on air; return a message."""
    _require_root()
    manager = systemctl.Systemd()
    broadcast_end.wait(manager)
    before = manager.active(unit_names.TARGET, unit_names.HOLD_TIMER)
    _leave_mark("open")
    (Path(paths.OPERATOR) / "end").unlink(missing_ok=True)
    if unit_names.HOLD_TIMER in before:
        manager.change("stop", (unit_names.HOLD_TIMER,), reason=_REASON)
    # restream.target starts before the units that it wants, and the reload below needs the program.
    manager.change("start", (unit_names.TARGET, unit_names.PROGRAM_UNIT), reason=_REASON, yields=True)
    manager.change("reload", (unit_names.PROGRAM_UNIT,), reason="to open with the fallback")
    if unit_names.HOLD_TIMER in before:
        return "the hold has ended: the fallback stays on air until OBS is back, or until off-air"
    if unit_names.TARGET in before:
        return "the channel was on air already"
    return "on air with the fallback, until OBS comes, or until off-air"


def off_air() -> None:
    """End the broadcast at once."""
    _require_root()
    _leave_mark("end")
    systemctl.Systemd().change("start", (unit_names.HOLD_SERVICE,), reason=_REASON)


def begin_break() -> None:
    """Have the program play the fallback, even while OBS sends; RestreamError while off air."""
    manager = _require_broadcast()
    _leave_mark("break")
    manager.change("reload", (unit_names.PROGRAM_UNIT,), reason=_REASON)


def end_break() -> None:
    """Have the program go back to OBS; RestreamError while off air."""
    manager = _require_broadcast()
    (Path(paths.OPERATOR) / "break").unlink(missing_ok=True)
    manager.change("reload", (unit_names.PROGRAM_UNIT,), reason=_REASON)


def prepare(file: Path | None, *, progress: ProgressCallback | None) -> str:
    """Prepare the configured fallback and use it, or prepare another file for later; return a message."""
    _require_root()
    place = None if file is None else file.absolute()
    conversion_unit.convert(systemctl.Systemd(), place, progress)
    if place is None:
        return f"in use from the next hand-off: {Path(paths.FALLBACK_CURRENT).resolve()}"
    return f"prepared: {place}\nto use it, write this below [fallback]: {_video_line(place)}"


def convert(instance: str) -> None:
    """Convert what an instance of the unit stands for, and tell systemd the progress."""
    manager = ServiceManager()

    def tell(fraction: float, left: float | None) -> None:
        manager.send(f"STATUS={ConversionStatus(fraction, left).to_status()}")

    settings = preparation.read_settings()
    root = THIS_MACHINE.root
    try:
        if instance.startswith("/"):
            preparation.prepare_for_later(settings, Path(instance), root, tell)
        else:
            preparation.prepare(settings, root, tell)
    except RestreamError as error:
        failure = ConversionStatus(reason=error.message, hint=error.hint)
        manager.send(f"STATUS={failure.to_status()}")
        raise


def _video_line(file: Path) -> str:
    """Return the line of TOML that names a video."""
    return f"video = {toml_value(str(file))}"


def match() -> str:
    """Make the fallback match the stream that OBS sends; return a message for the log."""
    live = _stream_to_match()
    if live is None:
        return "no stream is published that a fallback can match"
    profile = preparation.learn(live)
    prepared = preparation.prepare(preparation.read_settings(), THIS_MACHINE.root)
    return f"OBS sends {profile.label()}; in use from the next hand-off: {prepared.name}"


def _stream_to_match() -> LiveStatus | None:
    """Return what the program has seen of the stream, as soon as that is enough; None if there is none.

    Raises RestreamError if the program sees no picture in time.
    """
    deadline = time.monotonic() + _SEEN_WITHIN
    while True:
        status = status_view.read(status_view.fetch())
        live = status.live
        if status.publisher is None or (live and live.video_codec in status.unplayable):
            return None
        is_late = time.monotonic() >= deadline
        if live and live.video_codec and live.width and (live.stated_rate or live.measured_rate or is_late):
            return live
        if is_late:
            raise RestreamError(
                f"the program has seen no picture of OBS in {_SEEN_WITHIN:g} s",
                hint="restream-agent status says what OBS sends",
            )
        time.sleep(_LOOK_EVERY)


def _require_root() -> None:
    """Raise RestreamError without systemd, before the first apply, or without root."""
    systemctl.require_running()
    require_applied()
    if os.geteuid() != 0:
        raise RestreamError("this changes what is on air and has to be root", hint="use sudo")


def _require_broadcast() -> systemctl.Systemd:
    """Return the service manager; RestreamError without root or while off air."""
    _require_root()
    manager = systemctl.Systemd()
    if unit_names.TARGET not in manager.active(unit_names.TARGET):
        raise RestreamError(
            "nothing is on air", hint="restream-agent on-air starts a broadcast with the fallback"
        )
    return manager


def _leave_mark(name: str) -> None:
    """Leave an empty file for the agent and the program, which look into this directory."""
    mark = Path(paths.OPERATOR) / name
    try:
        mark.touch()
    except OSError as error:
        raise RestreamError(f"{mark}: {error.strerror}", hint="run restream-agent apply first") from error
