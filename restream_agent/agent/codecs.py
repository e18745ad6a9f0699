"""What the publisher's codecs mean for the platforms and for the fallback. Pure."""

from collections.abc import Mapping

from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.wire.program_report import LiveReport
from restream_agent.wire.program_settings import CARRIED_CODECS

_NAMES = {"h264": "H.264", "hevc": "HEVC (H.265)"}
_VIDEO_REMEDY = "set the video encoder in OBS to H.264 (Settings, Output)"
_AUDIO_REMEDY = "set the audio encoder in OBS to AAC (Settings, Output)"

_USUAL_RATES = (24, 25, 30, 48, 50, 60)
_USUAL_WITHIN = 0.005
"""A rate that differs by more than this fraction wanders, as that of a phone."""

_SOUND_WITHIN = 90
"""Pictures after which a publisher counts as one without sound, for the shape that the fallback gets."""


def unplayable(
    live: LiveReport | None, obstacles: Mapping[str, str], channel: Channel = MAIN_CHANNEL
) -> dict[str, str]:
    """Return the publisher's codecs that no platform can get, each with a sentence that says why.

    `obstacles` has what cannot carry a codec, such as "SRS". `channel` is the one that is published to.
    """
    if live is None or not live.connected:
        return {}
    codecs = ((live.video_codec, _VIDEO_REMEDY), (live.audio_codec, _AUDIO_REMEDY))
    sentences = {}
    for codec, remedy in codecs:
        if codec and (codec in obstacles or codec not in CARRIED_CODECS):
            carrier = obstacles.get(codec, "restream-agent")
            sentences[codec] = f"OBS sends {name(codec)}, which {carrier} cannot carry: {remedy}"
    if live.broadcast_sound:
        sent, begun = name(live.audio_codec), name(live.broadcast_sound)
        end = "restream-agent off-air" + (f" {channel.name}" if channel.has_siblings else "")
        sentences.setdefault(
            live.audio_codec,
            f"OBS sends {sent}, and the platforms' connections have {begun}: silence is sent in its place; "
            f"send {begun}, or end the broadcast ({end}) and begin it anew",
        )
    return sentences


def name(codec: str) -> str:
    """Return the name of a codec that people know."""
    return _NAMES.get(codec, "Opus" if codec == "opus" else codec.upper())


def shape(live: LiveReport | None, obstacles: Mapping[str, str], *, is_whole: bool) -> str:
    """Return what the fallback has to match, in one line; "" while it is not known or cannot be matched.

    Sound that is left out beside that of the broadcast is not matched: no relay could take such a fallback.
    Unless it `is_whole`, only the codecs count: the TOML has the rest. A frame rate counts only if it is a
    usual one, so that one that wanders is not taken for ever new shapes.
    """
    if live is None or not live.connected or not live.video_codec or not live.width or live.broadcast_sound:
        return ""
    refused = unplayable(live, obstacles)
    if live.video_codec in refused or not (live.audio_codec or live.frames >= _SOUND_WITHIN):
        return ""
    sound_codec = "" if live.audio_codec in refused else live.audio_codec
    if not is_whole:
        return f"{live.video_codec} {sound_codec}"
    size = f"{live.width}x{live.height} {_usual(live.stated_rate)} {live.profile} {live.full_range:d}"
    sound = f"{sound_codec} {live.sample_rate}x{live.channels}" if sound_codec else ""
    return f"{live.video_codec} {size} {sound}"


def _usual(rate: float) -> str:
    return next((f"{usual}" for usual in _USUAL_RATES if abs(rate - usual) <= usual * _USUAL_WITHIN), "")
