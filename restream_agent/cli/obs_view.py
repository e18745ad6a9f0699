"""What to set in OBS, in the words of OBS's settings and in the order of its pages. Pure."""

from collections.abc import Iterable

from restream_agent.base.one_line import printable
from restream_agent.cli.paint import Tone, columns, paint
from restream_agent.config.obs_settings import Bounded, ObsSettings

HIDDEN = "••••••••"
"""Stands for a key."""

_Row = tuple[str, str, str]  # the setting's name, its value, a remark


def target(server: str, stream_key: str, *, remark: str = "", show: str = "") -> str:
    """Return the page Stream: where OBS sends to. `remark` is about the server, `show` how to see the key."""
    rows = [
        ("Service", "Custom…", ""),
        ("Server", server, remark),
        ("Stream key", stream_key, f"shown by {show}" if show else ""),
    ]
    return _page("Settings → Stream", rows)


def output(found: ObsSettings) -> str:
    """Return the pages Output and Video: settings that suit every platform."""
    video = [
        ("Audio encoder", "AAC", ""),
        ("Video encoder", "H.264", "x264 or the graphics card's: every platform takes it"),
        ("Rate control", "CBR", ""),
        ("Bitrate", f"{found.video_kbps.value} Kbps", _most(found.video_kbps, "Kbps")),
        ("Keyframe interval", f"{found.keyframe_s.value} s", _most(found.keyframe_s, "s")),
        ("Profile", "high", ""),
        ("B-frames", str(found.b_frames.value), _most(found.b_frames, "")),
    ]
    audio = [("Audio bitrate", f"{found.audio_kbps.value} Kbps", _most(found.audio_kbps, "Kbps"))]
    picture = [("Output resolution", found.size, ""), ("FPS", str(found.fps), "")]
    pages = [
        _page("Settings → Output, mode Advanced, Streaming", video),
        _page("Settings → Output, Audio", audio),
        _page("Settings → Video", picture),
    ]
    return "\n\n".join([*pages, *_remarks(found)])


def _most(bounded: Bounded, unit: str) -> str:
    if bounded.most is None:
        return ""
    return f"{_listed(bounded.platforms)}: at most {bounded.most} {unit}".rstrip()


def _remarks(found: ObsSettings) -> Iterable[str]:
    if found.encoded:
        yield f"The picture for {_listed(found.encoded)} is encoded on the server, whatever OBS sends."
    if found.unknown:
        yield f"Not known are the limits of {_listed(found.unknown)}: see the platform's own pages."


def _listed(names: tuple[str, ...]) -> str:
    """Return up to three names, and how many more there are."""
    if len(names) > 3:
        return f"{', '.join(names[:2])} and {len(names) - 2} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _page(title: str, rows: Iterable[_Row]) -> str:
    cells = [
        [
            printable(name),
            paint(value, Tone.STRONG),
            *([paint(remark, Tone.FAINT)] if remark else []),
        ]
        for name, value, remark in rows
    ]
    return "\n".join([paint(title), *columns(cells)])
