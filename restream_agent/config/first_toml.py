"""The TOML that `restream-agent init` writes: the text for what somebody has answered. Pure."""

from dataclasses import dataclass

from restream_agent.config.fallback import Fallback
from restream_agent.config.keys import toml_value
from restream_agent.config.presets import completed_url, presets

MESSAGE: str = Fallback.model_fields["message"].default
HOLD: str = Fallback.model_fields["hold"].default

_COLUMN = 37
"""Where the comments begin behind values, counted from 0."""

_HEAD = """\
#:schema {schema}
# Every setting is explained in {documentation}/configuration.md
# and by restream-agent explain KEY; the line above is for editors.
version = 1
"""

_PLATFORMS = """\
# One table for each platform; its key goes into a file of its own, which git never sees:
#   sudo restream-agent secret set twitch
#
# [platforms.twitch]
# preset = "twitch"
# key = { credential = "twitch" }
#
# [platforms.youtube]
# preset = "youtube"
# key = { credential = "youtube" }
"""

_ABOVE = "# One table for each platform. Its key is in a file of its own, which git never sees.\n"


@dataclass(frozen=True)
class FirstPlatform:
    """A platform by its name, which is a preset's if there is one; `url` where each account has its own."""

    name: str
    url: str | None = None

    @property
    def needs_url(self) -> bool:
        """Whether a URL is missing: a preset without an address, or no preset at all."""
        preset = presets().get(self.name)
        return self.url is None and (preset is None or preset.needs_url)


@dataclass(frozen=True)
class FirstToml:
    """What the first TOML is to say; `video` is None for a picture with the message."""

    server: str
    platforms: tuple[FirstPlatform, ...] = ()
    video: str | None = None
    message: str = MESSAGE
    hold: str = HOLD


def parse_platform(written: str) -> FirstPlatform:
    """Return the platform that is written as NAME or NAME=URL."""
    name, _, url = written.partition("=")
    return FirstPlatform(name.strip(), url.strip() or None)


def first_toml(answers: FirstToml, documentation: str, schema: str) -> str:
    """Return the text of the TOML.

    `documentation` is the directory of configuration.md, `schema` the JSON schema for editors.
    """
    parts = [_HEAD.format(documentation=documentation, schema=schema), _ingest(answers), _fallback(answers)]
    if not answers.platforms:
        return "\n".join([*parts, _PLATFORMS])
    tables = [_platform(platform) for platform in answers.platforms]
    return "\n".join([*parts, _ABOVE + tables[0], *tables[1:]])


def _ingest(answers: FirstToml) -> str:
    other = "" if answers.server == "srs" else 'or "srs"'
    return _table(
        "ingest",
        _line("server", answers.server, other),
        _line("listen", "0.0.0.0:1935"),
        _line("key", {"credential": "ingest"}, "what OBS must send; init has made a random key"),
    )


def _fallback(answers: FirstToml) -> str:
    if answers.video is None:
        video = '# video = "/srv/streams/fallback.mp4"  # left out: a slate with the message\n'
        message = _line("message", answers.message)
    else:
        video = _line("video", answers.video, "what viewers see while OBS is gone")
        message = _line("message", answers.message, "shown instead where the video cannot be played")
    hold = _line("hold", answers.hold, "how long the fallback keeps the broadcast on air")
    return _table("fallback", video, message, hold, _keyframe(answers))


def _keyframe(answers: FirstToml) -> str:
    """Return the line for keyframes that are more frequent than usual; "" if no platform asks for them."""
    limits = {name: presets()[name].keyframe_max_s for name in _presets_of(answers)}
    asking = {name: limit for name, limit in limits.items() if limit is not None and limit < 2}
    if not asking:
        return ""
    return _line("keyframe", f"{min(asking.values()):g}s", f"{', '.join(asking)} asks for it")


def _presets_of(answers: FirstToml) -> list[str]:
    return [platform.name for platform in answers.platforms if platform.name in presets()]


def _platform(platform: FirstPlatform) -> str:
    return _table(
        f"platforms.{platform.name}",
        _line("preset", platform.name) if platform.name in presets() else "",
        _line("url", completed_url(platform.url)) if platform.url is not None else "",
        _line("key", {"credential": platform.name}),
    )


def _table(name: str, *lines: str) -> str:
    return "".join([f"[{name}]\n", *lines])


def _line(key: str, value: object, comment: str = "") -> str:
    line = f"{key} = {toml_value(value)}"
    return f"{line:<{_COLUMN - 2}}  # {comment}\n" if comment else f"{line}\n"
