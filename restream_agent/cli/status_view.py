"""`restream-agent status`: asks the agent for its status, and shows it in words."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from restream_agent.agent.lip_sync import OUT_OF_SYNC
from restream_agent.base.endpoints import HOOKS
from restream_agent.base.errors import RestreamError
from restream_agent.base.one_line import printable
from restream_agent.cli.applied import require_applied
from restream_agent.systemd.channels import MAIN, MAIN_CHANNEL, Channel
from restream_agent.systemd.time_spans import format_span
from restream_agent.systemd.unit_names import PREPARE_UNIT
from restream_agent.wire.status_report import (
    ChannelsReport,
    LiveStatus,
    RefusalStatus,
    RelayStatus,
    StatusReport,
)

_RARE_KEYFRAMES = 4.0
"""Seconds. No preset allows fewer keyframes; OBS left to itself sends one in 250 pictures."""

_REMEDY = "set OBS's keyframe interval to 2 s"

_NO_KEYFRAMES = 30.0
"""Seconds. The longest interval that OBS's settings allow is 20 s."""

_LONG_WAIT = 3.0
"""Seconds. A keyframe comes every 2 s."""

_WAITING = {
    "settle": "OBS is not shown yet: it has been connected for {} (ingest.settle)",
    "data": "OBS is connected, and nothing has come from it for {}",
    "picture": "OBS sends sound and no picture, or one that SRS leaves out (AV1, VP9): waiting for {}",
    "keyframe": f"waiting for a keyframe of OBS for {{}}: {_REMEDY} (Settings, Output)",
    "real time": "waiting for OBS's stream to keep real time for {}: its network is slow, or catches up",
}

_RECENT = 600.0
"""Seconds for which a refused publisher is shown. `status --json` shows the last one always."""

_EVERY_ADDRESS = ("0.0.0.0", "[::]")  # noqa: S104 - compared, not listened on

_USUAL_CODECS = ("", "h264", "aac")

_TIMEOUT = 5.0
"""Seconds. The agent looks at systemd and the ingest server before it answers."""


def fetch() -> dict[str, Any]:
    """Return the JSON of the agent's status as the agent sends it; RestreamError if it does not answer."""
    require_applied()
    opener = build_opener(ProxyHandler({}))  # no proxy of the environment is meant for loopback
    try:
        with opener.open(f"http://{HOOKS}/api/status", timeout=_TIMEOUT) as answer:
            status: dict[str, Any] = dict(json.load(answer))
    except (URLError, OSError, ValueError, TypeError) as error:
        raise RestreamError(
            "the agent does not answer; a broadcast goes on without it",
            hint="systemctl status restream-agent fallback restream.target",
        ) from error
    return status


def read(status: dict[str, Any], channel: str = MAIN) -> StatusReport:
    """Read the status of a channel; RestreamError if the agent does not know it."""
    reports = read_all(status)
    if channel not in reports:
        raise RestreamError(
            f"the agent knows no channel {channel}", hint=f"its channels are {', '.join(reports)}"
        )
    return reports[channel]


def read_all(status: dict[str, Any]) -> Mapping[str, StatusReport]:
    """Read the JSON of a status, by channel; RestreamError if an agent of another version has sent it."""
    try:
        return ChannelsReport.from_table(status).channels
    except (TypeError, ValueError) as error:
        raise RestreamError(
            f"the agent's status cannot be read: {error}",
            hint="the agent may be of another version: systemctl restart restream-agent",
        ) from error


def table(status: StatusReport, channel: Channel = MAIN_CHANNEL, *, has_machine: bool = True) -> str:
    """Return the status in words, a line for the channel and a line for each relay.

    With `has_machine`, it says what is wrong with the machine, too.

    The words come from other processes and from the network: whatever moves a terminal's cursor is left out.
    """
    width = max((len(name) for name in status.relays), default=0)
    relays = (f"  {name:<{width}}  {_relay_words(relay)}" for name, relay in status.relays.items())
    remarks = (*(machine_remarks(status) if has_machine else ()), *remarks_of(status, channel))
    return "\n".join(printable(line) for line in (headline(status, channel), *remarks, *relays))


def machine_remarks(status: StatusReport) -> list[str]:
    """Return a line for each thing that somebody should know or do about the machine, not a channel."""
    remarks = []
    if status.ingest == "down":
        remarks.append("ingest server: does not answer (systemctl status restream-ingest)")
    if status.port == "down":
        remarks.append(
            "ingest server: accepts no connections, OBS cannot connect (journalctl -u restream-agent)"
        )
    if status.config == "refused":
        words = f": {status.config_words}" if status.config_words else " (journalctl -u restream-apply)"
        remarks.append(f"last edit not applied{words}")
    return remarks


def remarks_of(status: StatusReport, channel: Channel) -> list[str]:
    """Return a line for each thing that somebody should know or do about a channel."""
    remarks = []
    if status.systemd == "refuses":
        remarks.append("systemd does not let the agent start and stop units (journalctl -u restream-agent)")
    if status.preparation == "failed":
        unit = channel.unit(PREPARE_UNIT).removesuffix(".service")
        remarks.append(
            "the fallback could not be prepared for OBS's format, an earlier one plays "
            f"(journalctl -u {unit})"
        )
    if status.refusal is not None and status.refusal.ago < _RECENT:
        remarks.append(_refusal_words(status.refusal))
    if status.live is not None and status.live.weak:
        remarks.append(_weak_words(status.live))
    if status.live is not None and status.live.connected:
        remarks += _missing_words(status, status.live)
        remarks += [] if status.unplayable else _waiting_words(status.live)
        remarks += _keyframe_words(status.live, is_live=status.state == "live")
    return [*remarks, *_codec_remarks(status)]


def _codec_remarks(status: StatusReport) -> list[str]:
    """Return a line for each track of OBS that no platform gets."""
    others = () if status.live is None else status.live.other_tracks
    return [*status.unplayable.values(), *(f"{name} of OBS is not played: the first is" for name in others)]


def _missing_words(status: StatusReport, live: LiveStatus) -> list[str]:
    """Return a line for sound that does not come, or is not heard."""
    if live.missing == "sound":
        return ["OBS sends no sound: silence is sent in its place"]
    if status.state == "live" and status.sound == "silence" and not live.missing:
        return ["OBS sends its sound more than 2 s after its picture: silence is sent in its place"]
    return []


def _waiting_words(live: LiveStatus) -> list[str]:
    """Return what keeps OBS's stream from being shown, once that takes longer than it should."""
    words = _WAITING.get(live.waits_for, "")
    return [words.format(format_span(round(live.waited)))] if words and live.waited >= _LONG_WAIT else []


def _keyframe_words(live: LiveStatus, *, is_live: bool) -> list[str]:
    """Return what is wrong with OBS's keyframes."""
    if live.keyframe_age is not None and live.keyframe_age > _NO_KEYFRAMES:
        age = format_span(round(live.keyframe_age))
        return [
            f"OBS sends no keyframes, the last one {age} ago: a return after a break and a relay that starts "
            f"wait for one ({_REMEDY}, turn intra refresh off, and start the stream again)"
        ]
    if is_live and live.keyframe_interval > _RARE_KEYFRAMES:
        return [f"a keyframe only every {live.keyframe_interval:g} s: {_REMEDY} (Settings, Output)"]
    return []


def _weak_words(live: LiveStatus) -> str:
    """Return the words for a line that does not carry what OBS sends."""
    speed = "" if live.speed is None else f"{live.speed:.2f} s of stream arrive in a second, "
    return f"weak line: {speed}{live.late:.1f} s late (lower OBS's bitrate, or look at its network)"


def _refusal_words(refusal: RefusalStatus) -> str:
    ago, address = format_span(round(refusal.ago)), refusal.address or "an unknown address"
    remedy = f" ({refusal.remedy})" if refusal.remedy else ""
    return f"a publisher was refused {ago} ago: {refusal.reason}, from {address}{remedy}"


def headline(status: StatusReport, channel: Channel = MAIN_CHANNEL) -> str:
    """Return what a channel shows, in one line; where there are several, after the channel's name."""
    parts = [f"{channel.name}: {status.state.upper()}" if channel.has_siblings else status.state.upper()]
    if status.held:
        parts.append("(held by the operator)")
    if status.state == "fallback" and status.sound == "live":
        parts.append("with live sound")
    if status.live is not None and status.live.weak:
        parts.append("(weak line)")
    if status.since is not None:
        parts.append(f"for {format_span(round(status.since))}")
    line = " ".join(parts)
    if status.state == "live" and status.live is not None:
        line += f" - {_live_words(status.live)}"
    if status.hold_left is not None:
        line += f" - off air in {format_span(round(status.hold_left))}"
    if status.state == "off air":
        line += f", {_off_air_words(status, channel)}" if status.ingest == status.port == "up" else ""
    return line


def _off_air_words(status: StatusReport, channel: Channel) -> str:
    if status.publisher is not None:
        command = "restream-agent on-air" + (f" {channel.name}" if channel.has_siblings else "")
        return "OBS is sending" + (f": {command} shows it" if status.systemd == "ok" else "")
    host, _, port = status.listen.rpartition(":")
    return f"waiting for OBS at rtmp://{'HOST' if host in _EVERY_ADDRESS else host}:{port}/live"


def _live_words(live: LiveStatus) -> str:
    words = [f"{live.width}x{live.height}", f"{live.frame_rate:.0f} fps", _rate(live.bitrate)]
    words += [codec for codec in (live.video_codec, live.audio_codec) if codec not in _USUAL_CODECS]
    if live.keyframe_interval:
        words.append(f"keyframe every {live.keyframe_interval:g} s")
    if live.stalls:
        words.append(f"{live.stalls} stalls")
    return ", ".join(words)


def _rate(bitrate: float) -> str:
    """Return a rate in words; a slate has some 45 kb/s."""
    kilobits = round(bitrate / 1000)
    return f"{kilobits} kb/s" if kilobits < 1000 else f"{bitrate / 1e6:.1f} Mb/s"


def _relay_words(relay: RelayStatus) -> str:
    if relay.state == "refusing":
        return _refused_words(relay)
    words = [relay.state]
    if relay.bitrate is not None:
        words.append(_rate(relay.bitrate))
    if relay.frame_rate is not None:
        words.append(f"{relay.frame_rate:.0f} fps")
    if relay.speed is not None:
        words.append(f"{relay.speed:.2f}x")
    if relay.delay is not None:
        words.append(f"{relay.delay:.1f} s delay")
    words += _relay_remarks(relay)
    return ", ".join([*words, relay.words] if relay.words else words)


def _relay_remarks(relay: RelayStatus) -> list[str]:
    """Return what somebody should know of a relay."""
    words = []
    if relay.av_offset is not None and abs(relay.av_offset) > OUT_OF_SYNC:
        order = "behind" if relay.av_offset > 0 else "ahead of"
        words.append(f"SOUND {abs(relay.av_offset):.2f} s {order} the picture")
    if relay.ends_in is not None:
        words.append(
            f"connected anew within {format_span(round(relay.ends_in))}, at night or during the fallback"
        )
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
    if relay.redirect:
        return (
            f"REFUSED {relay.failures} times, {when}: it redirects to {relay.redirect} (set that as its url)"
        )
    remedy = f" restream-agent secret set {relay.credential}" if relay.credential else ""
    return f"REFUSED {relay.failures} times, {when} (wrong key?{remedy})"
