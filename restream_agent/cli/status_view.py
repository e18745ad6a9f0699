"""`restream-agent status`: asks the agent, and says it in words."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from restream_agent.base.endpoints import HOOKS
from restream_agent.base.errors import RestreamError
from restream_agent.systemd.time_spans import format_span

_FIGURES = (
    ("bitrate", "{:.1f} Mb/s", 1e-6),
    ("frame_rate", "{:.0f} fps", 1),
    ("speed", "{:.2f}x", 1),
    ("delay", "{:.1f} s delay", 1),
)
_RARE_KEYFRAMES = 4.0
"""Seconds. No preset allows fewer; OBS left to itself sends one in 250 pictures."""

_TIMEOUT = 5.0
"""Seconds. The agent looks at systemd and the ingest server before it answers."""


def fetch() -> dict[str, Any]:
    """Return the agent's status as it sends it; RestreamError if it does not answer."""
    opener = build_opener(ProxyHandler({}))  # no proxy of the environment is meant for loopback
    try:
        with opener.open(f"http://{HOOKS}/api/status", timeout=_TIMEOUT) as answer:
            found: dict[str, Any] = json.load(answer)
    except (URLError, OSError, ValueError) as error:
        raise RestreamError(
            "the agent does not answer; a broadcast goes on without it",
            hint="systemctl status restream-agent fallback restream.target",
        ) from error
    return found


def table(found: Mapping[str, Any]) -> str:
    """Return the status in words, a line for the channel and one for each relay."""
    lines = [_headline(found)]
    if found["ingest"] == "down":
        lines.append("ingest server: does not answer (systemctl status restream-ingest)")
    if found["config"] == "refused":
        lines.append("the last edit of the TOML could not be applied (journalctl -u restream-apply)")
    interval = (found.get("live") or {}).get("keyframe_interval") or 0
    if found["state"] == "live" and interval > _RARE_KEYFRAMES:
        lines.append(
            f"a keyframe only every {interval:g} s: set OBS's keyframe interval to 2 s (Settings, Output)"
        )
    width = max((len(name) for name in found["relays"]), default=0)
    for name, relay in found["relays"].items():
        lines.append(f"  {name:<{width}}  {_relay_words(relay)}")
    return "\n".join(lines)


def _headline(found: Mapping[str, Any]) -> str:
    parts = [str(found["state"]).upper()]
    if found["held"]:
        parts.append("(held by the operator)")
    if found["since"] is not None:
        parts.append(f"for {format_span(round(found['since']))}")
    live = found.get("live") or {}
    if found["state"] == "live":
        size, rate = f"{live['width']}x{live['height']}", f"{live['frame_rate']:.0f} fps"
        keyframes = f"keyframe every {live['keyframe_interval']:g} s" if live["keyframe_interval"] else ""
        stalls = f"{live['stalls']} stalls" if live["stalls"] else ""
        words = (size, rate, f"{live['bitrate'] / 1e6:.1f} Mb/s", keyframes, stalls)
        parts.append("- " + ", ".join(filter(None, words)))
    if found["hold_left"] is not None:
        parts.append(f"- off air in {format_span(round(found['hold_left']))}")
    return " ".join(parts)


def _relay_words(relay: Mapping[str, Any]) -> str:
    words = [str(relay["state"])]
    for key, form, factor in _FIGURES:
        if relay[key] is not None:
            words.append(form.format(relay[key] * factor))
    if relay["state"] == "stalled":
        words.append(f"nothing taken for {relay['idle']:.0f} s")
    if relay["skipped"]:
        words.append(f"{relay['skipped']} pictures skipped")
    return ", ".join([*words, relay["words"]] if relay["words"] else words)
