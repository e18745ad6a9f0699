"""The models of the TOML file: every table and key, with its type, default, description and example.

docs/configuration.md, examples/full.toml and the JSON schema are made from them (reference.py).
Defaults are written as in the TOML and go through the same readers. Where the TOML says a word
("any", "live", "forever"), the models hold None.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from restream_agent import config_values as values
from restream_agent.config_tables import REQUIRED, SPAN, TEXT, OrText, SecretRef, Table, option
from restream_agent.presets import Preset, completed_url, find_server, presets

Width = Annotated[int, BeforeValidator(values.number(128, 7680, unit="pixels", even=True))]
Height = Annotated[int, BeforeValidator(values.number(128, 4320, unit="pixels", even=True))]
FrameRate = Annotated[float, BeforeValidator(values.number(1, 120, unit="frames a second"))]


def read_ingest_key(value: object) -> object:
    """Read "any" as None; leave the rest to `SecretRef`."""
    return None if value == "any" else value


def read_match(value: object) -> object:
    """Read "live" as None; leave a table to `Profile`."""
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


class Profile(Table):
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
    match: Annotated[Profile | None, BeforeValidator(read_match), OrText()] = option(
        "live",
        'What the fallback is prepared to look like: `"live"` as OBS last sent, or a fixed profile.',
        example={"width": 1280, "height": 720, "fps": 30},
        kind='"live" or table',
    )
    keyframe: Annotated[float, BeforeValidator(values.span(0.5, 10)), SPAN] = option(
        "2s", "Keyframe interval of the fallback.", example="2s", kind="time span, 500ms to 10s"
    )


class Transcode(Table):
    """A platform's own video encoding, instead of a copy of OBS's."""

    codec: Annotated[Literal["libx264"], BeforeValidator(values.choice("libx264"))] = option(
        "libx264", "ffmpeg's encoder.", example="libx264", kind='"libx264"'
    )
    height: Height | None = option(
        None,
        "Height in pixels; the width follows. Left out: as it comes.",
        example=720,
        kind="even number, 128 to 4320",
    )
    fps: FrameRate | None = option(
        None, "Frames a second. Left out: as they come.", example=30, kind="number, 1 to 120"
    )
    bitrate: Annotated[int, BeforeValidator(values.read_bitrate), TEXT] = option(
        REQUIRED, "Video bitrate, constant.", example="3000k", kind='bitrate, "100k" to "100M"'
    )
    keyframe: Annotated[float, BeforeValidator(values.span(0.5, 10)), SPAN] = option(
        "2s", "Keyframe interval.", example="2s", kind="time span, 500ms to 10s"
    )


class Platform(Table):
    """One place that the program is sent to; its name is part of the unit's."""

    preset: Annotated[str, BeforeValidator(values.read_preset), TEXT] | None = option(
        None,
        "A platform whose address and limits are known; see the table of presets.",
        example="twitch",
        kind="text",
    )
    server: str | None = option(
        None,
        "Another server of the preset, by its label or any part of it that no other label has.",
        example="EU: Frankfurt, DE",
        kind="text",
    )
    url: Annotated[str, BeforeValidator(values.read_url), TEXT] | None = option(
        None,
        "The platform's URL, without the key. Needed without a preset, and where the preset says so.",
        example="rtmps://live.example.org:443/app",
        kind="rtmp:// or rtmps:// URL",
        secret=True,  # a URL may hold a password or end in a key
    )
    key: SecretRef | None = option(
        None,
        "The platform's stream key. Left out only where `url` ends in it.",
        example={"credential": "twitch"},
        kind="secret",
    )
    enabled: bool = option(True, "Send the program there.", example=True, kind="true or false")
    backup: bool = option(
        False, "Also feed the platform's backup server.", example=True, kind="true or false"
    )
    video: Transcode | None = option(
        None,
        "Encode the video anew for this platform. Left out: copied untouched.",
        example={"height": 720, "fps": 30, "bitrate": "3000k"},
        kind="table",
    )

    @property
    def known(self) -> Preset | None:
        """The preset's figures, or None without a preset."""
        return None if self.preset is None else presets()[self.preset]

    @property
    def address(self) -> str:
        """The URL to send to, without the key: the platform's own, completed, or the preset's."""
        if self.url is not None:
            return completed_url(self.url)
        assert self.known is not None
        if self.server is not None:
            return find_server(self.known, self.server).url
        assert self.known.url is not None
        return self.known.url

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a platform without an address or a key, and options that its preset lacks."""
        found = [*self.address_complaints(), *self.key_complaints(), *self.backup_complaints()]
        if found:
            raise values.complaints("platform", found)
        return self

    def address_complaints(self) -> list[tuple[str, str, str]]:
        """Say as (key, message, hint) what is wrong with preset, server and url together."""
        if self.server is not None:
            return self.server_complaints(self.server)
        if self.url is not None:
            return []
        if self.known is None:
            return [("url", "is missing", 'give either preset = "NAME" or url = "rtmps://HOST:443/APP"')]
        if self.known.needs_url:
            servers = "give it, or server" if self.known.servers else "copy it from the platform's panel"
            return [("url", f"is missing: {self.known.title}'s differs from account to account", servers)]
        return []

    def server_complaints(self, label: str) -> list[tuple[str, str, str]]:
        """Say what is wrong with a server's label."""
        if self.url is not None:
            return [("server", "does not go with url", "give one of them")]
        if self.known is None:
            return [("server", "needs a preset", 'add preset = "NAME", or give url instead')]
        try:
            find_server(self.known, label)
        except LookupError as error:
            return [("server", str(error.args[0]), "")]
        return []

    def key_complaints(self) -> list[tuple[str, str, str]]:
        """Say what is wrong with leaving the key out."""
        if self.key is not None or (self.url is not None and values.names_stream(self.url)):
            return []
        return [("key", "is missing", 'add key = { credential = "NAME" }')]

    def backup_complaints(self) -> list[tuple[str, str, str]]:
        """Say where there is no backup to feed."""
        if not self.backup or (self.known is not None and self.known.backup_url is not None):
            return []
        having = ", ".join(preset.name for preset in presets().values() if preset.backup_url)
        return [("backup", "no backup server is known for this platform", f"presets with one: {having}")]


class Config(Table):
    """The whole file."""

    version: Annotated[Literal[1], BeforeValidator(values.choice(1))] = option(
        REQUIRED, "Version of this format.", example=1, kind="1"
    )
    ingest: Ingest = option(
        {}, "Where OBS sends to, and what counts as OBS being gone.", example={}, kind="table"
    )
    fallback: Fallback = option(
        {}, "What viewers see while OBS is gone, and for how long.", example={}, kind="table"
    )
    platforms: dict[Annotated[str, BeforeValidator(values.read_platform_name)], Platform] = option(
        {},
        "The places that the program is sent to, each under a name of its own.",
        example={},
        kind="table of tables",
    )
