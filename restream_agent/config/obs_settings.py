"""The settings of OBS's output that suit every platform of a channel, from the limits of the presets. Pure.

The picture is copied to each platform without an encoding of its own, and the sound to every platform: the
lowest limit counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from restream_agent.config.model import Config
from restream_agent.config.platform import Platform
from restream_agent.config.presets import Preset

KEYFRAME_S = 2
"""Seconds. What most platforms ask for, and no more: OBS returns to the broadcast at a keyframe."""

AUDIO_KBPS = 160
"""kbit/s: OBS's own default, and the most that YouTube takes."""

B_FRAMES = 2
"""What encoders in OBS use by default."""

_LEAST = 0.75
"""A picture with less than this share of its usual bitrate looks worse than a smaller one."""


@dataclass(frozen=True)
class _Picture:
    """A size, frames per second, and the usual bitrate in kbit/s."""

    size: str
    fps: int
    kbps: int


_PICTURES = (
    _Picture("1920x1080", 60, 6000),
    _Picture("1920x1080", 30, 4500),
    _Picture("1280x720", 60, 4500),
    _Picture("1280x720", 30, 3000),
    _Picture("852x480", 30, 1500),
    _Picture("640x360", 30, 800),
)
"""The best first. Down to 720p they are those of Twitch's broadcasting guidelines (help.twitch.tv); below,
each has about half of the one before."""


@dataclass(frozen=True)
class Bounded:
    """A value to set; `most` is the lowest limit, that of `platforms`, and None where no limit is known."""

    value: int
    most: int | None
    platforms: tuple[str, ...]


@dataclass(frozen=True)
class ObsSettings:
    """What to set in OBS: bitrates in kbit/s, the keyframe interval in seconds, `size` such as "1920x1080".

    `encoded` are the platforms whose picture is encoded on this machine, `unknown` those without any limit
    that is known.
    """

    size: str
    fps: int
    video_kbps: Bounded
    audio_kbps: Bounded
    keyframe_s: Bounded
    b_frames: Bounded
    encoded: tuple[str, ...]
    unknown: tuple[str, ...]


def obs_settings(config: Config) -> ObsSettings:
    """Return the settings that suit every enabled platform of one channel."""
    enabled = {name: platform for name, platform in config.platforms.items() if platform.enabled}
    known = {name: each.known_preset for name, each in enabled.items() if each.known_preset is not None}
    copied = {name: preset for name, preset in known.items() if enabled[name].video is None}
    picture = next((each for each in _PICTURES if _suits(each, copied)), _PICTURES[-1])
    return ObsSettings(
        picture.size,
        picture.fps,
        video_kbps=_bounded(
            picture.kbps,
            {name: preset.most_video_kbps(picture.size, picture.fps) for name, preset in copied.items()},
        ),
        audio_kbps=_bounded(AUDIO_KBPS, {name: preset.max_audio_kbps for name, preset in known.items()}),
        keyframe_s=_bounded(KEYFRAME_S, {name: preset.keyframe_max_s for name, preset in copied.items()}),
        b_frames=_bounded(B_FRAMES, {name: preset.max_b_frames for name, preset in copied.items()}),
        encoded=tuple(name for name, platform in enabled.items() if platform.video is not None),
        unknown=tuple(name for name, platform in enabled.items() if not _has_limits(platform)),
    )


def _suits(picture: _Picture, copied: Mapping[str, Preset]) -> bool:
    """Whether every platform takes a picture, with enough bits for it."""
    return all(
        picture.fps <= (preset.max_fps or picture.fps)
        and preset.takes_size(picture.size)
        and (preset.most_video_kbps(picture.size, picture.fps) or picture.kbps) >= picture.kbps * _LEAST
        for preset in copied.values()
    )


def _bounded(usual: int, limits: Mapping[str, float | None]) -> Bounded:
    known = {name: limit for name, limit in limits.items() if limit is not None}
    if not known:
        return Bounded(usual, None, ())
    most = min(known.values())
    return Bounded(
        int(min(usual, most)), int(most), tuple(name for name, limit in known.items() if limit == most)
    )


def _has_limits(platform: Platform) -> bool:
    preset = platform.known_preset
    return preset is not None and (preset.max_video_kbps, preset.keyframe_max_s) != (None, None)
