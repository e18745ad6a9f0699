"""The picture shown while no fallback video is configured: a calm background and a message.

`layout` and `command` are pure; `find_font` looks at the system. The text and the font reach ffmpeg
as files with names of our own, so nothing in a message can be taken for a filter.
"""

import textwrap
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import process
from restream_agent.base.errors import CommandError
from restream_agent.base.one_line import printable

FONT = "font"
"""The name, in the working directory of `command`, of the font file (a symbolic link will do)."""

FONT_DIRECTORIES = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))

_USUAL_FONTS = ("DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "FreeSansBold.ttf", "NotoSans-Bold.ttf")
_BACKGROUND, _BAND, _INK, _ACCENT = "0x16202b", "0x1d2a38", "0xf2f5f8", "0x4fa3e0"
_SMALLEST_TEXT = 8
_LINE_HEIGHT = 1.35
_TEXT_WIDTH, _TEXT_HEIGHT = 0.86, 0.5
_GLYPH, _WIDE_GLYPH = 0.68, 1.05
"""Widths of a letter in font sizes: a bold sans serif's average with some room, and East Asian ones."""


@dataclass(frozen=True)
class Text:
    """A message broken into lines that fit, and its font size in pixels."""

    lines: tuple[str, ...]
    size: int


def layout(message: str, width: int, height: int) -> Text:
    """Break a message into lines for a picture of this size, as large as fits.

    Control characters are dropped, line breaks kept; what does not fit at the smallest legible size
    ends in "…". An empty message has no lines.
    """
    paragraphs = [" ".join(printable(line).split()) for line in message.splitlines()]
    largest = max(_SMALLEST_TEXT, min(width, height) // 9)
    smallest = max(_SMALLEST_TEXT, min(width, height) // 28)
    for size in range(largest, smallest - 1, -1):
        lines, is_whole = _wrap(paragraphs, size, width)
        if is_whole and len(lines) <= _room(size, height):
            return Text(lines, size)
    lines, _ = _wrap(paragraphs, smallest, width)
    room = _room(smallest, height)
    if len(lines) > room:
        lines = (*lines[: room - 1], lines[room - 1][:-1] + "…")
    return Text(lines, smallest)


def line_file(number: int) -> str:
    """Return the name, in the working directory of `command`, of the file that holds a line."""
    return f"line{number}.txt"


def command(text: Text, width: int, height: int, *, has_font: bool, output: str) -> tuple[str, ...]:
    """Return the ffmpeg command that draws the slate as one PNG picture.

    It reads FONT and each `line_file` in its working directory. Without a font the pause sign
    stands alone: the same in every language, and never a black picture.
    """
    lines = text.lines if has_font else ()
    filters = [_pause_sign(width, height, centre=height * 0.26 if lines else height * 0.5)]
    top = height * 0.66 - len(lines) * text.size * _LINE_HEIGHT / 2
    for number in range(len(lines)):
        baseline = round(top + (number * _LINE_HEIGHT + 1) * text.size)
        filters.append(
            f"drawtext=fontfile={FONT}:textfile={line_file(number)}:expansion=none:fontcolor={_INK}"
            f":fontsize={text.size}:x=(w-text_w)/2:y={baseline}-ascent"
        )
    background = f"color={_BACKGROUND}:size={width}x{height}:rate=1,format=rgb24"
    return (
        "ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y",
        "-f", "lavfi", "-i", f"{background},{','.join(filters)}",
        "-frames:v", "1", "-f", "image2", "-c:v", "png", "-update", "1", output,
    )  # fmt: skip


def find_font(message: str, directories: tuple[Path, ...] = FONT_DIRECTORIES) -> Path | None:
    """Return a scalable font, with the message's letters if fontconfig knows one; None without any."""
    return _ask_fontconfig(message) or _search(directories)


def _ask_fontconfig(message: str) -> Path | None:
    letters = sorted({ord(letter) for letter in message if letter.isprintable() and not letter.isspace()})
    wanted = f"sans:bold:scalable=true:charset={' '.join(f'{letter:x}' for letter in letters)}"
    try:
        answer = process.run(("fc-match", "-f", "%{file}", wanted), timeout=10)
    except CommandError:  # fontconfig's tools are not on every server: the search below does
        return None
    path = Path(answer.stdout)
    return path if path.suffix.lower() in (".ttf", ".otf", ".ttc") and path.is_file() else None


def _search(directories: tuple[Path, ...]) -> Path | None:
    found = [
        path
        for directory in directories
        for path in sorted(directory.rglob("*"))
        if path.suffix.lower() in (".ttf", ".otf")
    ]
    usual = {path.name: path for path in found}
    return next((usual[name] for name in _USUAL_FONTS if name in usual), found[0] if found else None)


def _wrap(paragraphs: list[str], size: int, width: int) -> tuple[tuple[str, ...], bool]:
    """Return the lines, and whether every word is in one piece."""
    text = " ".join(paragraphs)
    is_wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    columns = max(1, int(width * _TEXT_WIDTH / (size * (_WIDE_GLYPH if is_wide else _GLYPH))))
    lines = tuple(line for paragraph in paragraphs for line in textwrap.wrap(paragraph, columns))
    return lines, is_wide or all(len(word) <= columns for word in text.split())


def _room(size: int, height: int) -> int:
    return max(1, int(height * _TEXT_HEIGHT / (size * _LINE_HEIGHT)))


def _pause_sign(width: int, height: int, *, centre: float) -> str:
    """Return the boxes of a band across the picture and the two strokes of a pause sign upon it."""
    unit = min(width, height) / 6
    stroke, gap = round(unit * 0.28), round(unit * 0.3)
    top, tall = round(centre - unit / 2), round(unit)
    band = f"drawbox=x=0:y={top - tall // 3}:w=iw:h={tall + 2 * (tall // 3)}:color={_BAND}:t=fill"
    strokes = (
        f"drawbox=x={left}:y={top}:w={stroke}:h={tall}:color={_ACCENT}:t=fill"
        for left in (width // 2 - gap // 2 - stroke, width // 2 + gap - gap // 2)
    )
    return ",".join((band, *strokes))
