"""The settings that `apply` renders for each process: a dataclass for each file in /etc/restream-agent. Pure.

render/ writes each file with `records.to_file`; the process reads it with `records.parse`. The program's
settings are in program_settings.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True)
class AgentSettings:
    """agent.json, for restream-agent.service: a file for each channel. Times are in seconds.

    What is about the ingest server, the TOML and the notifier is read from the file of `main` alone.

    `api` is the base URL of the ingest server's HTTP side, `rtmp` the address at which it speaks RTMP to this
    machine ("HOST:PORT"), `server` the kind of server, `source` the path of the TOML. `relays` maps the name
    of each relay to the address that its ffmpeg reports from. `hold` is None for a hold without end. A relay
    that delivers nothing for `stall` is killed. A listed publisher whose stream does not reach the program
    for `silence` is disconnected; None stands for never. `listen` is where the ingest server takes OBS
    ("HOST:PORT"); `credentials` maps each relay to the name of the credential that holds its key, "" for a
    key of another kind. Both are only shown. `obstacles` maps codecs to what cannot carry them here. With
    `watch` the agent has edits of the TOML applied by itself.
    """

    api: str
    rtmp: str
    hold: float | None
    relays: Mapping[str, str]
    stall: float
    server: Literal["srs", "nginx-rtmp"]
    source: str
    standby: bool
    matches_live: bool
    takes_any_key: bool
    silence: float | None
    notifies: bool
    listen: str
    credentials: Mapping[str, str]
    obstacles: Mapping[str, str] = field(default_factory=dict)
    watch: bool = True


@dataclass(frozen=True)
class NotifierSettings:
    """notify.json, for restream-notify.service. Times are in seconds.

    `command` is the argv of the command, empty for none; a try to deliver may take `timeout`. News about one
    subject is sent at most once in `every`, after an initial burst. News is collected for `collect` before it
    is sent. After `idle` without news the process ends.
    """

    command: tuple[str, ...]
    every: float
    timeout: float
    collect: float = 1.0
    idle: float = 60.0


@dataclass(frozen=True)
class StreamProfile:
    """The parameters of a video, in fallback.json and live-profile.json; fallback/profile.py checks them.

    `width` and `height` are in pixels, `fps` is frames per second as a fraction ("30000/1001"), `sample_rate`
    is in Hz; `pixel_format`, `h264_profile` and the codecs have ffmpeg's names.
    """

    width: int
    height: int
    fps: str
    pixel_format: str
    h264_profile: str
    sample_rate: int
    channels: int
    video_codec: str = "h264"
    audio_codec: str = "aac"


@dataclass(frozen=True)
class FallbackSettings:
    """fallback.json, for the preparation of the fallback video.

    `videos` are paths, played in turn; without any, a slate shows `message`. `keyframe` is the time between
    keyframes in seconds. `profile` None means the profile that OBS last sent; the codecs are those that OBS
    last sent in any case.
    """

    videos: tuple[str, ...]
    message: str
    keyframe: float
    profile: StreamProfile | None
