"""What is known of each platform: its servers and its limits.

The table is presets.json beside this file; where its figures come from stands at its top.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

# Kick's and Amazon IVS's panels show an account's address without the port and the application.
ACCOUNT_HOSTS = ".global-contribute.live-video.net"


@dataclass(frozen=True)
class Server:
    """One of a platform's servers: the label that OBS shows for it, and its URL."""

    label: str
    url: str


@dataclass(frozen=True)
class BitrateLimit:
    """The most video (kbit/s) that a platform takes at a resolution (pixels) and frame rate."""

    width: int
    height: int
    fps: int
    kbps: int


@dataclass(frozen=True)
class Preset:
    """A platform's addresses and limits; None or empty where no limit is known.

    `keyframe_max_s` is the longest keyframe interval in seconds that the platform takes or asks
    for, `longest_broadcast_h` is in hours, bitrates are in kbit/s, resolutions are (width, height).
    """

    name: str
    title: str
    url: str | None
    backup_url: str | None
    servers: tuple[Server, ...]
    rtmps_only: bool
    keyframe_max_s: float | None
    max_b_frames: int | None
    max_video_kbps: int | None
    max_audio_kbps: int | None
    max_fps: int | None
    resolutions: tuple[tuple[int, int], ...]
    bitrate_limits: tuple[BitrateLimit, ...]
    video_codecs: tuple[str, ...]
    longest_broadcast_h: float | None
    note: str

    @property
    def needs_url(self) -> bool:
        """True where the address differs from account to account and the user supplies it."""
        return self.url is None


@cache
def presets() -> Mapping[str, Preset]:
    """Give every preset by name, in alphabetical order."""
    return parse_presets((files("restream_agent.config") / "presets.json").read_text(encoding="utf-8"))


def parse_presets(text: str) -> Mapping[str, Preset]:
    """Read the table from JSON text; KeyError, TypeError or ValueError when it is not the table."""
    rows = json.loads(text)["platforms"]
    return MappingProxyType({name: preset_from(name, row) for name, row in rows.items()})


def preset_from(name: str, row: dict[str, Any]) -> Preset:
    """Build one preset from its JSON object."""
    return Preset(
        name=name,
        title=row["title"],
        url=row.get("url"),
        backup_url=row.get("backup_url"),
        servers=tuple(Server(label, url) for label, url in row.get("servers", {}).items()),
        rtmps_only=row.get("rtmps_only", False),
        keyframe_max_s=row.get("keyframe_max_s"),
        max_b_frames=row.get("max_b_frames"),
        max_video_kbps=row.get("max_video_kbps"),
        max_audio_kbps=row.get("max_audio_kbps"),
        max_fps=row.get("max_fps"),
        resolutions=tuple(pixels(size) for size in row.get("resolutions", ())),
        bitrate_limits=tuple(
            BitrateLimit(*pixels(size), fps, kbps) for size, fps, kbps in row.get("bitrate_limits", ())
        ),
        video_codecs=tuple(row.get("video_codecs", ("h264",))),
        longest_broadcast_h=row.get("longest_broadcast_h"),
        note=row.get("note", ""),
    )


def pixels(size: str) -> tuple[int, int]:
    """Turn "1280x720" into (1280, 720)."""
    width, height = size.split("x")
    return int(width), int(height)


def find_server(preset: Preset, label: str) -> Server:
    """Find a preset's server by its label, or by any part of it that no other label has.

    Upper and lower case are the same. Raises LookupError, with a text for the user that
    names the labels meant or nearest, when there is not exactly one.
    """
    wanted = label.casefold().strip()
    exact = [server for server in preset.servers if server.label.casefold() == wanted]
    starting = [server for server in preset.servers if server.label.casefold().startswith(wanted)]
    holding = [server for server in preset.servers if wanted in server.label.casefold()]
    for found in (exact, starting, holding):
        if len(found) == 1:
            return found[0]
    if holding:
        raise LookupError(f"several servers match: {listed(holding)}")
    raise LookupError(f"no server of {preset.title} is called so; {nearest(preset, wanted)}")


def nearest(preset: Preset, wanted: str) -> str:
    """Name the servers whose labels come closest to what was written, or the first few."""
    if not preset.servers:
        return "it has only one: leave the key out"
    by_label = {server.label.casefold(): server for server in preset.servers}
    close = difflib.get_close_matches(wanted, by_label, n=3, cutoff=0.4)
    return f"there are {listed([by_label[label] for label in close] or list(preset.servers))}"


def listed(servers: list[Server]) -> str:
    """Quote up to four labels."""
    text = ", ".join(f'"{server.label}"' for server in servers[:4])
    return text if len(servers) <= 4 else f"{text} and {len(servers) - 4} more"


def completed_url(url: str) -> str:
    """Add ":443/app" to an account's address of Kick or Amazon IVS that lacks it.

    Returns any other URL as it is.
    """
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(ACCOUNT_HOSTS) or parts.path.strip("/") or parts.query:
        return url
    return f"rtmps://{parts.hostname}:{parts.port or 443}/app"
