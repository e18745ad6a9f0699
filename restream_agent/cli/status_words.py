"""The status in words: what a channel shows, what comes from OBS, what each platform gets. Pure."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from restream_agent.agent.lip_sync import OUT_OF_SYNC
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.time_spans import format_span
from restream_agent.wire.attempt_causes import CAUSES, UNREACHABLE
from restream_agent.wire.status_report import CommitStatus, LiveStatus, RelayStatus, StatusReport

T = TypeVar("T")

_EVERY_ADDRESS = ("0.0.0.0", "[::]")  # noqa: S104 - compared, not listened on

_USUAL_CODECS = ("", "h264", "aac")

_SHORT_WAITING = {
    "settle": "shown after ingest.settle",
    "data": "waits for data",
    "picture": "waits for a picture",
    "keyframe": "waits for a keyframe",
    "real time": "waits until it keeps real time",
}

_COARSE = ((86_400.0, 3600), (3600.0, 60))
"""From a day on, minutes tell nothing; from an hour on, seconds do not."""


def span(seconds: float) -> str:
    """Return a time span in its two largest units: "1min 30s", "2h 14min", "5d 4h"."""
    whole = round(seconds)
    unit = next((unit for limit, unit in _COARSE if whole >= limit), 1)
    return format_span(whole - whole % unit)


def moment(now: datetime, ago: float) -> str:
    """Return the local time `ago` seconds before `now`, with its day if that is another."""
    then = now - timedelta(seconds=ago)
    return f"{then:%H:%M}" if then.date() == now.date() else f"{then:%a} {then.day} {then:%b %H:%M}"


def commit_words(commit: CommitStatus, now: datetime) -> str:
    """Return which commit the TOML is from, and since when."""
    return f"commit {commit.commit[:12]}, applied {moment(now, commit.ago)}"


def rate(bitrate: float) -> str:
    """Return a rate in words; a slate has some 45 kb/s."""
    kilobits = round(bitrate / 1000)
    return f"{kilobits} kb/s" if kilobits < 1000 else f"{bitrate / 1e6:.1f} Mb/s"


def state_words(status: StatusReport) -> str:
    """Return what a channel shows, and for how long: "LIVE (weak line) for 2h 14min"."""
    parts = [status.state.upper()]
    if status.held:
        parts.append("(held by the operator)")
    if status.state == "fallback" and status.sound == "live":
        parts.append("with live sound")
    if status.live is not None and status.live.weak:
        parts.append("(weak line)")
    if status.since is not None:
        parts.append(f"for {span(status.since)}")
    return " ".join(parts)


def headline(status: StatusReport, channel: Channel = MAIN_CHANNEL) -> str:
    """Return everything about a channel in one line; where there are several, after the channel's name."""
    line = f"{channel.name}: {state_words(status)}" if channel.has_siblings else state_words(status)
    if status.state == "live" and status.live is not None:
        line += f" - {_live_words(status.live)}"
    if status.hold_left is not None:
        line += f" - off air in {span(status.hold_left)}"
    return line + off_air_words(status, channel)


def off_air_words(status: StatusReport, channel: Channel) -> str:
    """Return what a channel that is off air waits for, after a comma; "" on air, and without a server."""
    if status.state != "off air" or not status.ingest == status.port == "up":
        return ""
    if status.publisher is not None:
        command = "restream-agent on-air" + (f" {channel.name}" if channel.has_siblings else "")
        return ", OBS is sending" + (f": {command} shows it" if status.systemd == "ok" else "")
    return f", waiting for OBS at {_server(status)}"


def source_words(status: StatusReport) -> str:
    """Return who sends what, and what keeps it from being shown; "" if that is not known."""
    live = status.live
    if status.publisher is None and (live is None or not live.connected):
        waits = status.state != "off air" and status.listen
        return f"OBS is not connected: {_server(status)}" if waits else ""
    address = f"OBS from {status.publisher.address}" if status.publisher else "OBS"
    if live is None or not live.connected:
        return address
    wait = _SHORT_WAITING.get(live.waits_for, "")
    what = f"{address}: {_live_words(live, codecs=True)}"
    return f"{what}, {wait} ({span(live.waited)})" if wait else what


def hold_words(left: float, now: datetime) -> str:
    """Return how much of a hold is left, and when it ends the broadcast."""
    return f"{span(left)} left: off air at {moment(now, -left)} unless OBS comes back"


def _server(status: StatusReport) -> str:
    host, _, port = status.listen.rpartition(":")
    return f"rtmp://{'HOST' if host in _EVERY_ADDRESS else host}:{port}/live"


def _live_words(live: LiveStatus, *, codecs: bool = False) -> str:
    """Return what OBS sends; its codecs if they are unusual, or are wanted."""
    words = []
    if live.width:
        words.append(f"{live.width}x{live.height}")
    words += [f"{live.frame_rate:.0f} fps", rate(live.bitrate)]
    known = [codec for codec in (live.video_codec, live.audio_codec) if codec]
    if codecs:
        words += [" + ".join(known)] if known else []
    else:
        words += [codec for codec in known if codec not in _USUAL_CODECS]
    if live.keyframe_interval:
        words.append(f"keyframe every {live.keyframe_interval:g} s")
    if live.stalls:
        words.append(f"{live.stalls} stalls")
    return ", ".join(words)


RELAY_COLUMNS = ("PLATFORM", "STATE", "UPTIME", "BITRATE", "FPS", "SPEED", "DELAY", "RESTARTS")


def relay_figures(relay: RelayStatus) -> list[str]:
    """Return the cells of a connected relay, without its name: those of RELAY_COLUMNS, then remarks."""
    cells = [
        relay.state,
        _known(relay.age, span),
        _known(relay.bitrate, rate),
        _known(relay.frame_rate, "{:.0f}".format),
        _known(relay.speed, "{:.2f}x".format),
        _known(relay.delay, "{:.1f} s".format),
        _known(relay.restarts, str),
    ]
    remarks = _relay_remarks(relay)
    return [*cells, ", ".join(remarks)] if remarks else cells


def relay_words(relay: RelayStatus) -> str:
    """Return what a relay does that is not connected, in a sentence."""
    if relay.state == "refusing":
        return _refused_words(relay)
    words = [relay.state, *_relay_remarks(relay)]
    if relay.words:
        words.append(relay.words)
    elif relay.restarts:
        words.append("1 restart" if relay.restarts == 1 else f"{relay.restarts} restarts")
    return ", ".join(words)


def _relay_remarks(relay: RelayStatus) -> list[str]:
    """Return what somebody should know of a relay."""
    words = []
    if relay.av_offset is not None and abs(relay.av_offset) > OUT_OF_SYNC:
        order = "behind" if relay.av_offset > 0 else "ahead of"
        words.append(f"SOUND {abs(relay.av_offset):.2f} s {order} the picture")
    if relay.ends_in is not None:
        words.append(f"connected anew within {span(relay.ends_in)}, at night or during the fallback")
    if relay.state == "stalled" and relay.idle is not None:
        words.append(f"nothing taken for {relay.idle:.0f} s")
    if relay.lacks_keyframe:
        words.append("waits for a keyframe of OBS")
    if relay.skipped:
        words.append(f"{relay.skipped} pictures skipped")
    return words


def _refused_words(relay: RelayStatus) -> str:
    """Return the words for a platform that has ended several attempts in a row, most often for its key."""
    when = f"next try in {relay.next_try:.0f} s" if relay.next_try else "trying again now"
    if relay.cause in UNREACHABLE:
        return f"UNREACHABLE {relay.failures} times, {when}: {CAUSES[relay.cause]}"
    refused = f"REFUSED {relay.failures} times, {when}"
    if relay.redirect:
        return f"{refused}: it redirects to {relay.redirect} (set that as its url)"
    remedy = f" (restream-agent secret set {relay.credential})" if relay.credential else ""
    return f"{refused}: wrong key?{remedy}"


def _known(value: T | None, words: Callable[[T], str]) -> str:
    return "-" if value is None else words(value)
