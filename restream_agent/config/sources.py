"""The tables of what the program is made of: `[ingest]`, where OBS sends to, and `[fallback]`."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from restream_agent.config import values
from restream_agent.config.table import (
    REQUIRED,
    SPAN,
    TEXT,
    FrameRate,
    Height,
    OrText,
    SecretRef,
    Table,
    Width,
    option,
)


def read_ingest_key(value: object) -> object:
    """Read "any" as None; leave the rest to `SecretRef`."""
    return None if value == "any" else value


def read_match(value: object) -> object:
    """Read "live" as None; leave a table to `FixedProfile`."""
    if value == "live":
        return None
    if not isinstance(value, dict):
        raise values.complaint(
            'must be "live" or a table', "match = { width = 1280, height = 720, fps = 30 }"
        )
    return value


class Ingest(Table):
    """Where OBS sends to, and what counts as OBS being gone."""

    server: Annotated[Literal["srs", "nginx-rtmp"], BeforeValidator(values.choice("srs", "nginx-rtmp"))] = (
        option("srs", "The RTMP server that takes OBS's stream.", example="srs", kind='"srs" or "nginx-rtmp"')
    )
    listen: Annotated[str, BeforeValidator(values.read_listen)] = option(
        "0.0.0.0:1935", "Address and port where OBS connects.", example="0.0.0.0:1935", kind="address:port"
    )
    key: Annotated[SecretRef | None, BeforeValidator(read_ingest_key)] = option(
        REQUIRED,
        'What OBS must send: its stream key is `main?key=SECRET`. `"any"` accepts every name and key.',
        example={"credential": "ingest"},
        kind='secret or "any"',
    )
    stall: Annotated[float, BeforeValidator(values.span(0.2, 30)), SPAN] = option(
        "1s",
        "OBS is connected but nothing arrives for this long: the fallback is shown.",
        example="1s",
        kind="time span, 200ms to 30s",
    )
    timeout: Annotated[float, BeforeValidator(values.span(0.2, 3600)), SPAN] = option(
        "10s",
        "Nothing arrives for this long: the server drops OBS's connection. More than `stall`.",
        example="10s",
        kind="time span, up to 1h",
    )
    settle: Annotated[float, BeforeValidator(values.span(0, 60)), SPAN] = option(
        "0s",
        "How long OBS must have been back before it is shown again.",
        example="0s",
        kind="time span, up to 1min",
    )
    manage: bool = option(
        True,
        "Run the server as `restream-ingest.service`; `false` only writes its configuration.",
        example=True,
        kind="true or false",
    )
    binary: Annotated[Path, BeforeValidator(values.read_path), TEXT] | None = option(
        None,
        "The server's executable. Left out: looked for in the usual places.",
        example="/usr/local/srs/objs/srs",
        kind="path",
    )

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a timeout that would drop OBS before the stall is noticed."""
        if self.timeout <= self.stall:
            hint = "the server would drop OBS before the fallback is shown"
            raise values.complaints("ingest", [("timeout", "must be longer than stall", hint)])
        return self


class FixedProfile(Table):
    """A fixed picture and sound for the fallback."""

    width: Width = option(REQUIRED, "Width in pixels.", example=1280, kind="even number, 128 to 7680")
    height: Height = option(REQUIRED, "Height in pixels.", example=720, kind="even number, 128 to 4320")
    fps: FrameRate = option(REQUIRED, "Frames a second.", example=30, kind="number, 1 to 120")
    sample_rate: Annotated[Literal[44100, 48000], BeforeValidator(values.choice(44100, 48000))] = option(
        48000, "Sound samples a second.", example=48000, kind="44100 or 48000"
    )
    channels: Annotated[Literal[1, 2], BeforeValidator(values.choice(1, 2))] = option(
        2, "Sound channels.", example=2, kind="1 or 2"
    )
    profile: Annotated[
        Literal["baseline", "main", "high"], BeforeValidator(values.choice("baseline", "main", "high"))
    ] = option("high", "H.264 profile.", example="high", kind='"baseline", "main" or "high"')


class Fallback(Table):
    """What viewers see while OBS is gone, and for how long."""

    video: Annotated[tuple[Path, ...], BeforeValidator(values.read_paths), OrText()] = option(
        (),
        "The video to loop, or a list to play in turn. Left out: a slate with `message`.",
        example="/srv/streams/fallback.mp4",
        kind="path or list of paths",
    )
    message: Annotated[str, BeforeValidator(values.read_text)] = option(
        "We will be right back", "Text of the slate.", example="We will be right back", kind="text"
    )
    hold: Annotated[float | None, BeforeValidator(values.span(word="forever")), SPAN] = option(
        "30min",
        'How long the fallback keeps a broadcast up. `"0s"` ends it at once, `"forever"` never.',
        example="30min",
        kind='time span or "forever"',
    )
    standby: bool = option(
        False,
        "On air with the fallback from boot: a channel around the clock.",
        example=False,
        kind="true or false",
    )
    opening: Annotated[float, BeforeValidator(values.span(0, 60)), SPAN] = option(
        "5s",
        "How long the start of a broadcast waits for OBS's first picture before it shows the fallback.",
        example="5s",
        kind="time span, up to 1min",
    )
    match: Annotated[FixedProfile | None, BeforeValidator(read_match), OrText()] = option(
        "live",
        'What the fallback is prepared to look like: `"live"` as OBS last sent, or a fixed profile.',
        example={"width": 1280, "height": 720, "fps": 30},
        kind='"live" or table',
    )
    keyframe: Annotated[float, BeforeValidator(values.span(0.5, 10)), SPAN] = option(
        "2s", "Keyframe interval of the fallback.", example="2s", kind="time span, 500ms to 10s"
    )
