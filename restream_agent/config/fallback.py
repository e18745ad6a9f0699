"""The table `[fallback]`: what viewers see while OBS is gone, and for how long."""

from pathlib import Path
from typing import Annotated, Literal

from restream_agent.config import values
from restream_agent.config.complaints import complaint
from restream_agent.config.table import REQUIRED, FrameRate, Height, OrText, Table, Width, option
from restream_agent.config.value_types import ValueType, choice, span

SampleRate = Literal[44100, 48000]
Channels = Literal[1, 2]
H264ProfileName = Literal["baseline", "main", "high"]


def read_match(value: object) -> object:
    """Read "live" as None; leave a table to `FixedProfile`."""
    if value == "live":
        return None
    if not isinstance(value, dict):
        hint = "write it as match = { width = 1280, height = 720, fps = 30 }"
        raise complaint('must be "live" or a table', hint)
    return value


class FixedProfile(Table):
    """A fixed format of picture and sound for the fallback."""

    width: Width = option(REQUIRED, "Width in pixels.", example=1280)
    height: Height = option(REQUIRED, "Height in pixels.", example=720)
    fps: FrameRate = option(REQUIRED, "Frames per second.", example=30)
    sample_rate: Annotated[SampleRate, choice(SampleRate)] = option(
        48000, "Audio samples per second.", example=48000
    )
    channels: Annotated[Channels, choice(Channels)] = option(2, "Audio channels.", example=2)
    profile: Annotated[H264ProfileName, choice(H264ProfileName)] = option(
        "high", "H.264 profile.", example="high"
    )


class Fallback(Table):
    """What viewers see while OBS is gone, and for how long."""

    video: Annotated[tuple[Path, ...], values.PATHS] = option(
        (),
        "The video to loop, or a list of videos to play in turn. If left out, or `[]`, a slate shows "
        "`message`.",
        example="/srv/streams/fallback.mp4",
    )
    message: Annotated[str, values.MESSAGE] = option(
        "We will be right back", "The text on the slate.", example="We will be right back"
    )
    hold: Annotated[float | None, span(word="forever")] = option(
        "30min",
        "How long the fallback keeps a broadcast on air while OBS is gone. "
        '`"0s"` ends the broadcast at once, `"forever"` never ends it.',
        example="30min",
    )
    standby: bool = option(
        False,
        "`true` goes on air with the fallback once it is set, and at boot, for a channel around the clock.",
        example=False,
    )
    opening: Annotated[float, span(0, 60)] = option(
        "5s",
        "How long a new broadcast waits for OBS's first picture before it shows the fallback.",
        example="5s",
    )
    match: Annotated[FixedProfile | None, ValueType('"live" or table', read_match), OrText()] = option(
        "live",
        'The format of the fallback: `"live"` copies what OBS last sent, a table sets a fixed format. '
        "The codecs are those of OBS in both cases.",
        example={"width": 1280, "height": 720, "fps": 30},
    )
    keyframe: Annotated[float, span(0.5, 10)] = option(
        "2s", "Keyframe interval of the fallback.", example="2s"
    )
