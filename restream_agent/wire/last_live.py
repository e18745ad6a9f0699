"""What OBS's last stream was like: last-live.json, from the preparation to `check`. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LastLive:
    """The measures of a stream, taken over some seconds; 0 stands for what is not known.

    `width` and `height` are in pixels, `frame_rate` is in pictures per second. `bitrate` is in bit/s, sound
    included. `keyframe` is the longest time between two keyframes that was seen, in seconds.
    """

    width: int
    height: int
    frame_rate: float
    bitrate: int
    keyframe: float
