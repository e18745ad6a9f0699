"""Warnings about OBS's last stream: what a platform that gets it as it is does not take. Pure."""

from collections.abc import Iterator

from restream_agent.config.model import Config
from restream_agent.config.presets import Preset
from restream_agent.config.relays import channel_path
from restream_agent.config.warnings import Remark, keyframe_message
from restream_agent.systemd.time_spans import format_span
from restream_agent.wire.last_live import LastLive

_NEARLY = 1.05
"""Measures are a little off: a keyframe every 2.002 s at 29.97 pictures a second, 60.2 pictures a second."""

_SOUND_KBPS = 320
"""The most that OBS sends of sound, where the preset has no limit."""

_SAME_WIDTH = 8
"""Pixels. 480 lines are 848, 852 or 854 pixels wide; platforms take each for the same."""


def live_remarks(config: Config, last: LastLive) -> Iterator[Remark]:
    """Yield what each enabled platform of a channel does not take of the channel's last stream.

    A platform whose video is encoded on this machine gets another stream than OBS sends.
    """
    for name, platform in config.platforms.items():
        preset = platform.known_preset
        if platform.enabled and preset is not None and platform.video is None:
            for message, hint in preset_remarks(preset, last):
                yield (*channel_path(config.channel), "platforms", name), message, hint


def preset_remarks(preset: Preset, last: LastLive) -> Iterator[tuple[str, str]]:
    """Yield (message, hint) for each limit of a platform that a stream exceeds."""
    size, sizes = f"{last.width}x{last.height}", preset.resolutions
    if sizes and not any(_is_same(last, each) for each in sizes):
        yield (
            f"OBS last sent {size}, and {preset.title} takes {', '.join(sizes)}",
            ("set OBS's output resolution (Settings, Video), or video = { height = … }"),
        )
    most = _most_kbps(preset, last)
    sound = preset.max_audio_kbps or _SOUND_KBPS
    if most is not None and last.bitrate > (most + sound) * 1000 * _NEARLY:
        sent = f"{last.bitrate / 1e6:.1f} Mb/s"
        yield (
            f"OBS last sent {sent}, and {preset.title} accepts at most {most}k of video",
            f'set OBS\'s bitrate to {most} Kbps (Settings, Output), or video = {{ bitrate = "{most}k" }}',
        )
    if preset.max_fps is not None and last.frame_rate > preset.max_fps * _NEARLY:
        yield (
            f"OBS last sent {last.frame_rate:g} frames a second, and {preset.title} accepts at most "
            f"{preset.max_fps}",
            f"set OBS's frame rate to {preset.max_fps} (Settings, Video), or video = {{ fps = … }}",
        )
    longest = preset.keyframe_max_s
    if longest is not None and last.keyframe > longest * _NEARLY:
        yield (
            f"OBS last sent a keyframe every {last.keyframe:.1f} s, and {keyframe_message(preset)}",
            f"set OBS's keyframe interval to {format_span(min(longest, 2))} (Settings, Output)",
        )


def _is_same(last: LastLive, size: str) -> bool:
    """Whether a stream has a size, lying or upright."""
    width, height = map(int, size.split("x"))
    wide, high = max(last.width, last.height), min(last.width, last.height)
    return high == height and abs(wide - width) <= _SAME_WIDTH


def _most_kbps(preset: Preset, last: LastLive) -> int | None:
    """Return the most video in kbit/s that a platform takes of this size and rate, None if nobody knows."""
    limits = (each for each in preset.bitrate_limits if _is_same(last, each.size))
    known = (each.kbps for each in limits if last.frame_rate <= each.fps * _NEARLY)
    return next(known, preset.max_video_kbps)
