"""What an operator does to a broadcast by hand: on air, off air, a break, another fallback video."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.base.target import THIS_MACHINE
from restream_agent.cli import broadcast_words, status_view, stream_measure
from restream_agent.cli.applied import require_applied
from restream_agent.config.keys import toml_value
from restream_agent.deploy import conversion_unit
from restream_agent.fallback import last_live, preparation
from restream_agent.fallback.conversion import ProgressCallback
from restream_agent.systemd import broadcast_end, systemctl, unit_names
from restream_agent.systemd.channel_systemd import ChannelSystemd
from restream_agent.systemd.channels import MAIN, MAIN_CHANNEL, Channel
from restream_agent.systemd.sd_notify import ServiceManager
from restream_agent.wire.conversion_status import ConversionStatus
from restream_agent.wire.status_report import LiveStatus, StatusReport

_SEEN_WITHIN = 15.0
"""Seconds. The program measures the frame rate of a stream that states none over 2 s."""

_LOOK_EVERY = 0.5
"""Seconds between two looks at the status. The program reports so often."""

_REASON = "asked for by the operator"


def on_air(channel: Channel) -> str:
    """Start a broadcast with the fallback, or end the hold of one that is on air; return a message."""
    _require_root()
    manager = ChannelSystemd(channel)
    broadcast_end.wait(manager)
    before = manager.active(unit_names.TARGET, unit_names.HOLD_TIMER)
    _leave_mark(channel, "open")
    _mark(channel, "end").unlink(missing_ok=True)
    if unit_names.HOLD_TIMER in before:
        manager.change("stop", (unit_names.HOLD_TIMER,), reason=_REASON)
    # restream.target starts before the units that it wants, and the reload below needs the program.
    manager.change("start", (unit_names.TARGET, unit_names.PROGRAM_UNIT), reason=_REASON, yields=True)
    manager.change("reload", (unit_names.PROGRAM_UNIT,), reason="to open with the fallback")
    return broadcast_words.on_air(
        _status(channel),
        _argument(channel),
        was_on_air=unit_names.TARGET in before,
        had_hold=unit_names.HOLD_TIMER in before,
    )


def off_air(channel: Channel) -> str:
    """End the broadcast, wait until every process of it has ended, and return a message."""
    _require_root()
    manager, target = ChannelSystemd(channel), unit_names.TARGET
    was_on_air = target in manager.active(target)
    _leave_mark(channel, "end")
    manager.change("start", (unit_names.HOLD_SERVICE,), reason=_REASON)
    if target in manager.active(target):
        raise RestreamError(
            "the channel is on air again: OBS has started its stream anew, or somebody has used on-air",
            hint=f"stop the stream in OBS, then restream-agent off-air{_argument(channel)}",
        )
    return broadcast_words.off_air(_status(channel), _argument(channel), was_on_air=was_on_air)


def begin_break(channel: Channel) -> str:
    """Have the program play the fallback, even while OBS sends; return a message."""
    was_so = _mark(channel, "break").exists()
    _leave_mark(channel, "break")
    ChannelSystemd(channel).change("reload", (unit_names.PROGRAM_UNIT,), reason=_REASON)
    return broadcast_words.break_begun(_status(channel), _argument(channel), was_so=was_so)


def end_break(channel: Channel) -> str:
    """Have the program go back to OBS; return a message."""
    mark = _mark(channel, "break")
    was_so = not mark.exists()
    mark.unlink(missing_ok=True)
    ChannelSystemd(channel).change("reload", (unit_names.PROGRAM_UNIT,), reason=_REASON)
    return broadcast_words.break_ended(_status(channel), was_so=was_so)


def require_broadcasts(channels: tuple[Channel, ...]) -> tuple[Channel, ...]:
    """Return those of the channels that are on air; RestreamError without root, or if none is."""
    _require_root()
    target = unit_names.TARGET
    on_air = tuple(channel for channel in channels if target in ChannelSystemd(channel).active(target))
    if on_air:
        return on_air
    names = "".join(f" {channel.name}" for channel in channels if channel.has_siblings and len(channels) == 1)
    message = f"the channel{names} is not on air" if names else "nothing is on air"
    raise RestreamError(message, hint=f"restream-agent on-air{names} starts a broadcast with the fallback")


def prepare(channel: Channel, *, file: Path | None, progress: ProgressCallback | None) -> str:
    """Prepare the configured fallback and use it, or prepare another file for later; return a message."""
    _require_root()
    place = None if file is None else file.absolute()
    conversion_unit.convert(systemctl.Systemd(), place, progress, channel)
    if place is None:
        return f"in use from the next hand-off: {Path(paths_of(channel.name).fallback_current).resolve()}"
    table = "fallback" if channel.is_main else f"channels.{channel.name}.fallback"
    return f"prepared: {place}\nto use it, write this below [{table}]: {_video_line(place)}"


def convert(instance: str) -> None:
    """Convert what an instance of the unit stands for, and tell systemd the progress."""
    manager = ServiceManager()

    def tell(fraction: float, left: float | None) -> None:
        manager.send(f"STATUS={ConversionStatus(fraction, left).to_status()}")

    file, channel = unit_names.converted(instance)
    places = paths_of(channel or MAIN)
    settings = preparation.read_settings(places)
    root = THIS_MACHINE.root
    try:
        if file is not None:
            preparation.prepare_for_later(settings, file, root, tell, places)
        else:
            preparation.prepare(settings, root, tell, places)
    except RestreamError as error:
        failure = ConversionStatus(reason=error.message, hint=error.hint)
        manager.send(f"STATUS={failure.to_status()}")
        raise


def _video_line(file: Path) -> str:
    """Return the line of TOML that names a video."""
    return f"video = {toml_value(str(file))}"


def match(channel: Channel) -> str:
    """Make the fallback match the stream that OBS sends; return a message for the log."""
    live = _stream_to_match(channel)
    if live is None:
        return "no stream is published that a fallback can match"
    places = paths_of(channel.name)
    profile = preparation.learn(live, places)
    settings = preparation.read_settings(places)
    with ThreadPoolExecutor(max_workers=1) as pool:  # a conversion takes longer than the measures
        measured = pool.submit(stream_measure.measure, channel)
        prepared = preparation.prepare(settings, THIS_MACHINE.root, None, places)
        if (last := measured.result()) is not None:
            last_live.keep(last, THIS_MACHINE.root, places)
    return f"OBS sends {profile.label()}; in use from the next hand-off: {prepared.name}"


def _stream_to_match(channel: Channel = MAIN_CHANNEL) -> LiveStatus | None:
    """Return what the program has seen of the stream, as soon as that is enough; None if there is none.

    Raises RestreamError if the program sees no picture in time.
    """
    deadline = time.monotonic() + _SEEN_WITHIN
    while True:
        status = status_view.read(status_view.fetch(), channel.name)
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


def _status(channel: Channel) -> StatusReport | None:
    """Return the status of a channel after a change, None if the agent does not tell; it is only shown."""
    try:
        return status_view.read(status_view.fetch(), channel.name)
    except RestreamError:
        return None


def _argument(channel: Channel) -> str:
    """Return what stands after a command that is about this channel."""
    return f" {channel.name}" if channel.has_siblings else ""


def _mark(channel: Channel, name: str) -> Path:
    return Path(paths_of(channel.name).operator) / name


def _leave_mark(channel: Channel, name: str) -> None:
    """Leave an empty file for the agent and the program, which look into this directory."""
    mark = _mark(channel, name)
    try:
        mark.touch()
    except OSError as error:
        raise RestreamError(f"{mark}: {error.strerror}", hint="run restream-agent apply first") from error
