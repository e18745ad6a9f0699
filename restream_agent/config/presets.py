"""The presets: each known platform's addresses and limits.

The table is presets.json beside this file, which names the source of its figures at the top. Its codecs are
not used yet: no check needs them.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

ACCOUNT_HOSTS = ".global-contribute.live-video.net"
"""Kick's and Amazon IVS's panels show an account's address here without port and application."""

NEARLY = 1.05
"""Measures are a little off: a keyframe every 2.002 s at 29.97 pictures a second, 60.2 pictures a second."""

_SAME_WIDTH = 8
"""Pixels. 480 lines are 848, 852 or 854 pixels wide; platforms take each for the same."""


@dataclass(frozen=True)
class Server:
    """One of a platform's servers: the label that OBS shows for it, and its URL."""

    label: str
    url: str


@dataclass(frozen=True)
class BitrateLimit:
    """The most video, in kbit/s, that a platform takes of a size ("1280x720") and up to a frame rate."""

    size: str
    fps: int
    kbps: int


@dataclass(frozen=True)
class Preset:
    """A platform's addresses and limits; None or empty where no limit is known.

    `keyframe_max_s` is the longest keyframe interval, in seconds, that the platform accepts or asks for.
    `longest_broadcast_h` is in hours, bitrates are in kbit/s. `resolutions` are the sizes that it takes, such
    as "1280x720"; `bitrate_limits` hold instead of `max_video_kbps` where they name a size. `test_parameter`
    follows the key of a stream that the platform is to take as a test and show to nobody.
    """

    name: str
    title: str
    url: str | None
    backup_url: str | None
    servers: tuple[Server, ...]
    rtmps_only: bool
    keyframe_max_s: float | None
    max_video_kbps: int | None
    max_audio_kbps: int | None
    max_fps: int | None
    max_b_frames: int | None
    resolutions: tuple[str, ...]
    bitrate_limits: tuple[BitrateLimit, ...]
    longest_broadcast_h: float | None
    note: str
    test_parameter: str

    @property
    def needs_url(self) -> bool:
        """Whether every account has its own address, which the user has to write."""
        return self.url is None

    def takes_size(self, size: str) -> bool:
        """Whether the platform takes a picture of a size such as "1280x720", lying or upright."""
        return not self.resolutions or any(_is_same(size, each) for each in self.resolutions)

    def most_video_kbps(self, size: str, fps: float) -> int | None:
        """Return the most video in kbit/s that the platform takes of a size and rate, None if unknown."""
        limits = (each for each in self.bitrate_limits if _is_same(size, each.size))
        return next((each.kbps for each in limits if fps <= each.fps * NEARLY), self.max_video_kbps)


def _is_same(size: str, other: str) -> bool:
    (wide, high), (other_wide, other_high) = _sides(size), _sides(other)
    return high == other_high and abs(wide - other_wide) <= _SAME_WIDTH


def _sides(size: str) -> tuple[int, int]:
    """Return the longer and the shorter side of a size, in pixels."""
    width, height = map(int, size.split("x"))
    return max(width, height), min(width, height)


@cache
def presets() -> Mapping[str, Preset]:
    """Return every preset by name, in alphabetical order."""
    return parse_presets(Path(__file__).with_name("presets.json").read_text(encoding="utf-8"))


def parse_presets(text: str) -> Mapping[str, Preset]:
    """Return the presets that a JSON text holds; KeyError, TypeError or ValueError if it is damaged."""
    rows = json.loads(text)["platforms"]
    return MappingProxyType({name: preset_from(name, row) for name, row in rows.items()})


def preset_from(name: str, row: dict[str, Any]) -> Preset:
    """Return the preset that a JSON object describes."""
    return Preset(
        name=name,
        title=row["title"],
        url=row.get("url"),
        backup_url=row.get("backup_url"),
        servers=tuple(Server(label, url) for label, url in row.get("servers", {}).items()),
        rtmps_only=row.get("rtmps_only", False),
        keyframe_max_s=row.get("keyframe_max_s"),
        max_video_kbps=row.get("max_video_kbps"),
        max_audio_kbps=row.get("max_audio_kbps"),
        max_fps=row.get("max_fps"),
        max_b_frames=row.get("max_b_frames"),
        resolutions=tuple(row.get("resolutions", ())),
        bitrate_limits=tuple(BitrateLimit(*limit) for limit in row.get("bitrate_limits", ())),
        longest_broadcast_h=row.get("longest_broadcast_h"),
        note=row.get("note", ""),
        test_parameter=row.get("test_parameter", ""),
    )


def find_server(preset: Preset, label: str) -> Server:
    """Return a preset's server by its label, or by any part of the label that fits no other server.

    Upper and lower case are the same. Raises LookupError if the label fits several servers or none; its
    text is for the user, and names the labels that fit, or those that are spelled most like it.
    """
    if not preset.servers:
        raise LookupError(
            f"cannot be used: the preset of {preset.title} has no list of servers; leave server out"
        )
    part = label.casefold().strip()
    equal = [server for server in preset.servers if server.label.casefold() == part]
    beginning = [server for server in preset.servers if server.label.casefold().startswith(part)]
    containing = [server for server in preset.servers if part in server.label.casefold()]
    for servers in (equal, beginning, containing):
        if len(servers) == 1:
            return servers[0]
    if containing:
        raise LookupError(f"fits several servers: {listed(containing)}")
    raise LookupError(
        f"fits no server of {preset.title}, whose servers include {listed(similar(preset, part))}"
    )


def similar(preset: Preset, label: str) -> list[Server]:
    """Return the servers whose labels are spelled most like `label`, or all if none is."""
    by_label = {server.label.casefold(): server for server in preset.servers}
    labels = difflib.get_close_matches(label, by_label, n=3, cutoff=0.4)
    return [by_label[similar_label] for similar_label in labels] or list(preset.servers)


def listed(servers: list[Server]) -> str:
    """Return up to four labels in quotes, and how many more there are."""
    text = ", ".join(f'"{server.label}"' for server in servers[:4])
    return text if len(servers) <= 4 else f"{text} and {len(servers) - 4} more"


def completed_url(url: str) -> str:
    """Return an account's address at Kick or Amazon IVS with ":443/app", which their panels leave out.

    Any other URL is returned unchanged.
    """
    parts = urlsplit(url)
    if not (parts.hostname or "").endswith(ACCOUNT_HOSTS) or parts.path.strip("/") or parts.query:
        return url
    return f"rtmps://{parts.hostname}:{parts.port or 443}/app"
