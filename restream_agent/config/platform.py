"""The table of a platform, `[platforms.NAME]`: where the program is sent, with which key, how encoded."""

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, model_validator

from restream_agent.config import values
from restream_agent.config.presets import Preset, completed_url, find_server, presets
from restream_agent.config.table import REQUIRED, SPAN, TEXT, FrameRate, Height, SecretRef, Table, option


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
