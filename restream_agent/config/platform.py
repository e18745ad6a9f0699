"""The table `[platforms.NAME]`: where a platform receives the program, with which key, how encoded."""

from typing import Annotated, Literal, Self

from pydantic import model_validator

from restream_agent.config import values
from restream_agent.config.complaints import complaints
from restream_agent.config.presets import Preset, completed_url, find_server, presets
from restream_agent.config.table import REQUIRED, FrameRate, Height, SecretRef, Table, option
from restream_agent.config.value_types import bits_per_second, choice, span

Codec = Literal["libx264"]


class Transcode(Table):
    """A separate video encoding for this platform, instead of a copy of OBS's."""

    codec: Annotated[Codec, choice(Codec)] = option("libx264", "ffmpeg's video encoder.", example="libx264")
    height: Height | None = option(
        None,
        "Height in pixels; the width follows from it. If left out, the size stays as OBS sends it.",
        example=720,
    )
    fps: FrameRate | None = option(
        None, "Frames per second. If left out, the frame rate stays as OBS sends it.", example=30
    )
    bitrate: Annotated[int, bits_per_second("100k", "100M")] = option(
        REQUIRED, "Constant video bitrate.", example="3000k"
    )
    keyframe: Annotated[float, span(0.5, 10)] = option("2s", "Keyframe interval.", example="2s")


class Platform(Table):
    """A platform that receives the program; NAME becomes part of its unit's name."""

    preset: Annotated[str, values.PRESET] | None = option(
        None,
        "A platform from the table of presets, which knows its address and limits.",
        example="twitch",
    )
    server: str | None = option(
        None,
        "Another server of the preset: its label, or any part of the label that fits no other server.",
        example="EU: Frankfurt, DE",
    )
    url: Annotated[str, values.URL] | None = option(
        None,
        "The platform's URL, without the key. Required without a preset, and where the table of presets says "
        '"yours".',
        example="rtmps://live.example.org:443/app",
        secret=True,  # a URL may hold a password or end in a key
    )
    key: SecretRef | None = option(
        None,
        "The platform's stream key. Leave it out only if `url` ends in the key.",
        example={"credential": "twitch"},
    )
    enabled: bool = option(True, "`false` sends nothing to this platform.", example=True)
    backup: bool = option(
        False, "`true` also sends the program to the platform's backup server.", example=True
    )
    video: Transcode | None = option(
        None,
        "Encodes the video separately for this platform. If left out, the video is copied untouched.",
        example={"height": 720, "fps": 30, "bitrate": "3000k"},
    )

    @property
    def known_preset(self) -> Preset | None:
        """The preset's addresses and limits, or None without a preset."""
        return None if self.preset is None else presets()[self.preset]

    @property
    def address(self) -> str:
        """The URL to send to, without the key: this platform's own, completed, or else the preset's."""
        if self.url is not None:
            return completed_url(self.url)
        assert self.known_preset is not None
        if self.server is not None:
            return find_server(self.known_preset, self.server).url
        assert self.known_preset.url is not None
        return self.known_preset.url

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a platform without an address or a key, and options that its preset cannot serve."""
        problems = [*self.address_problems(), *self.key_problems(), *self.backup_problems()]
        if problems:
            raise complaints("platform", problems)
        return self

    def address_problems(self) -> list[tuple[str, str, str]]:
        """Return (key, message, hint) for what is wrong with preset, server and url together."""
        if self.server is not None:
            return self.server_problems(self.server)
        if self.url is not None:
            return []
        preset = self.known_preset
        if preset is None:
            return [("url", "is missing", 'write either preset = "NAME" or url = "rtmps://HOST:443/APP"')]
        if preset.needs_url:
            hint = "copy it from the platform's panel" + (", or set server" if preset.servers else "")
            return [("url", f"is missing: every account of {preset.title} has its own URL", hint)]
        return []

    def server_problems(self, label: str) -> list[tuple[str, str, str]]:
        """Return what is wrong with a server's label."""
        if self.url is not None:
            return [("server", "cannot be combined with url", "remove one of them")]
        if self.known_preset is None:
            return [("server", "needs a preset", 'add preset = "NAME", or write url instead of server')]
        try:
            find_server(self.known_preset, label)
        except LookupError as error:
            return [("server", str(error.args[0]), "")]
        return []

    def key_problems(self) -> list[tuple[str, str, str]]:
        """Return what is wrong with a key that is left out."""
        if self.key is not None or (self.url is not None and values.names_stream(self.url)):
            return []
        return [("key", "is missing", 'add key = { credential = "NAME" }')]

    def backup_problems(self) -> list[tuple[str, str, str]]:
        """Return what is wrong with `backup` where no backup server is known."""
        if not self.backup or (self.known_preset is not None and self.known_preset.backup_url is not None):
            return []
        names = ", ".join(preset.name for preset in presets().values() if preset.backup_url)
        return [("backup", "needs a preset with a backup server", f"presets with one: {names}")]
