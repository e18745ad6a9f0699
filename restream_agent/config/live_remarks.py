"""Warnings about OBS's last stream: what a platform that gets it as it is does not take. Pure."""

from collections.abc import Iterator

from restream_agent.config.model import Config
from restream_agent.config.presets import NEARLY, Preset
from restream_agent.config.relays import channel_path
from restream_agent.config.warnings import Remark, keyframe_message
from restream_agent.systemd.time_spans import format_span
from restream_agent.wire.last_live import LastLive

_SOUND_KBPS = 320
"""The most that OBS sends of sound, where the preset has no limit."""


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
    size = f"{last.width}x{last.height}"
    if not preset.takes_size(size):
        yield (
            f"OBS last sent {size}, and {preset.title} takes {', '.join(preset.resolutions)}",
            ("set OBS's output resolution (Settings, Video), or video = { height = … }"),
        )
    most = preset.most_video_kbps(size, last.frame_rate)
    sound = preset.max_audio_kbps or _SOUND_KBPS
    if most is not None and last.bitrate > (most + sound) * 1000 * NEARLY:
        sent = f"{last.bitrate / 1e6:.1f} Mb/s"
        yield (
            f"OBS last sent {sent}, and {preset.title} accepts at most {most}k of video",
            f'set OBS\'s bitrate to {most} Kbps (Settings, Output), or video = {{ bitrate = "{most}k" }}',
        )
    if preset.max_fps is not None and last.frame_rate > preset.max_fps * NEARLY:
        yield (
            f"OBS last sent {last.frame_rate:g} frames a second, and {preset.title} accepts at most "
            f"{preset.max_fps}",
            f"set OBS's frame rate to {preset.max_fps} (Settings, Video), or video = {{ fps = … }}",
        )
    longest = preset.keyframe_max_s
    if longest is not None and last.keyframe > longest * NEARLY:
        yield (
            f"OBS last sent a keyframe every {last.keyframe:.1f} s, and {keyframe_message(preset)}",
            f"set OBS's keyframe interval to {format_span(min(longest, 2))} (Settings, Output)",
        )
