"""`restream-agent status`: asks the agent for its status, and shows it in words."""

import json
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from restream_agent.base.endpoints import HOOKS
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.time_spans import format_span
from restream_agent.wire.status_report import LiveStatus, RelayStatus, StatusReport

_RARE_KEYFRAMES = 4.0
"""Seconds. No preset allows fewer keyframes; OBS left to itself sends one in 250 pictures."""

_TIMEOUT = 5.0
"""Seconds. The agent looks at systemd and the ingest server before it answers."""


def fetch() -> dict[str, Any]:
    """Return the JSON of the agent's status as the agent sends it; RestreamError if it does not answer."""
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


def read(status: dict[str, Any]) -> StatusReport:
    """Read the JSON of a status; RestreamError if an agent of another version has sent it."""
    try:
        return StatusReport.from_table(status)
    except (TypeError, ValueError) as error:
        raise RestreamError(
            f"the agent's status cannot be read: {error}",
            hint="the agent may be of another version: systemctl restart restream-agent",
        ) from error


def table(status: StatusReport) -> str:
    """Return the status in words, a line for the channel and a line for each relay."""
    lines = [_headline(status)]
    if status.ingest == "down":
        lines.append("ingest server: does not answer (systemctl status restream-ingest)")
    if status.port == "down":
        lines.append(
            "ingest server: accepts no connections, OBS cannot connect (journalctl -u restream-agent)"
        )
    if status.config == "refused":
        lines.append("the last edit of the TOML could not be applied (journalctl -u restream-apply)")
    if status.systemd == "refuses":
        lines.append("systemd does not let the agent start and stop units (journalctl -u restream-agent)")
    if status.preparation == "failed":
        lines.append(
            "the fallback could not be prepared for OBS's format, an earlier one plays "
            "(journalctl -u restream-fallback-prepare)"
        )
    interval = 0.0 if status.live is None else status.live.keyframe_interval
    if status.state == "live" and interval > _RARE_KEYFRAMES:
        lines.append(
            f"a keyframe only every {interval:g} s: set OBS's keyframe interval to 2 s (Settings, Output)"
        )
    width = max((len(name) for name in status.relays), default=0)
    for name, relay in status.relays.items():
        lines.append(f"  {name:<{width}}  {_relay_words(relay)}")
    return "\n".join(lines)


def _headline(status: StatusReport) -> str:
    parts = [status.state.upper()]
    if status.held:
        parts.append("(held by the operator)")
    if status.since is not None:
        parts.append(f"for {format_span(round(status.since))}")
    if status.state == "live" and status.live is not None:
        parts.append(f"- {_live_words(status.live)}")
    if status.hold_left is not None:
        parts.append(f"- off air in {format_span(round(status.hold_left))}")
    return " ".join(parts)


def _live_words(live: LiveStatus) -> str:
    words = [f"{live.width}x{live.height}", f"{live.frame_rate:.0f} fps", f"{live.bitrate / 1e6:.1f} Mb/s"]
    if live.keyframe_interval:
        words.append(f"keyframe every {live.keyframe_interval:g} s")
    if live.stalls:
        words.append(f"{live.stalls} stalls")
    return ", ".join(words)


def _relay_words(relay: RelayStatus) -> str:
    words = [relay.state]
    if relay.bitrate is not None:
        words.append(f"{relay.bitrate / 1e6:.1f} Mb/s")
    if relay.frame_rate is not None:
        words.append(f"{relay.frame_rate:.0f} fps")
    if relay.speed is not None:
        words.append(f"{relay.speed:.2f}x")
    if relay.delay is not None:
        words.append(f"{relay.delay:.1f} s delay")
    if relay.state == "stalled" and relay.idle is not None:
        words.append(f"nothing taken for {relay.idle:.0f} s")
    if relay.skipped:
        words.append(f"{relay.skipped} pictures skipped")
    return ", ".join([*words, relay.words] if relay.words else words)
