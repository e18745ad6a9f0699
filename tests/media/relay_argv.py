"""The command of a relay to a platform that does not exist, and clips for its input."""

from restream_agent.config.load import load
from restream_agent.config.relays import relays
from restream_agent.render.ffmpeg import relay_command

URL = "rtmp://127.0.0.1:1936/app"
TOML = f"""\
version = 1
[ingest]
key = "any"
[platforms.one]
url = "{URL}"
key = "any"
"""


def relay_argv(more: str = "") -> tuple[str, ...]:
    """Return the command line of the relay's ffmpeg; `more` is added to its table in the TOML."""
    return relay_command("ffmpeg", relays(load(TOML + more, source="t"))[0])


def clip_argv(*encode: str, rate: int, seconds: int) -> tuple[str, ...]:
    """Return the command line that writes a clip of both tracks, as FLV, to its standard output."""
    picture = f"testsrc2=size=64x36:rate={rate}:duration={seconds}"
    return (
        "ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture,
        "-f", "lavfi", "-i", f"sine=sample_rate=48000:duration={seconds}", "-c:v", "libx264", "-c:a", "aac",
        *encode, "-f", "flv", "pipe:1",
    )  # fmt: skip
