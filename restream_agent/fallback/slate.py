"""The slate, which viewers see if no fallback video is configured: a calm background and a message.

`fit_text` and `command` are pure; `find_font` looks at the system. ffmpeg gets the text and the font as files
whose names are fixed, so ffmpeg can take no part of a message for a filter.
"""

import textwrap
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import process
from restream_agent.base.errors import CommandError
from restream_agent.base.one_line import printable

FONT = "font"
"""The name of the font file, or of a link to it, in the working directory of `command`."""

FONT_DIRECTORIES = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))

_USUAL_FONTS = ("DejaVuSans-Bold.ttf", "LiberationSans-Bold.ttf", "FreeSansBold.ttf", "NotoSans-Bold.ttf")
_BACKGROUND, _BAND, _INK, _ACCENT = "0x16202b", "0x1d2a38", "0xf2f5f8", "0x4fa3e0"
_SMALLEST_TEXT = 8
_LINE_HEIGHT = 1.35
_TEXT_WIDTH, _TEXT_HEIGHT = 0.86, 0.5
_GLYPH, _WIDE_GLYPH = 0.68, 1.05
"""Width of a letter as a fraction of the font size: a generous average of bold sans serifs; East Asian."""


@dataclass(frozen=True)
class SlateText:
    """A message in lines that fit, and its font size in pixels."""

    lines: tuple[str, ...]
    size: int


def fit_text(message: str, width: int, height: int) -> SlateText:
    """Break a message into lines for a picture of this size, with the largest font that fits.

    Line breaks are kept, other control characters become spaces. A message that does not fit at the
    smallest legible size is cut and ends in "…". An empty message has no lines.
    """
    paragraphs = [" ".join(printable(line).split()) for line in message.splitlines()]
    largest = max(_SMALLEST_TEXT, min(width, height) // 9)
    smallest = max(_SMALLEST_TEXT, min(width, height) // 28)
    for size in range(largest, smallest - 1, -1):
        lines, is_whole = _wrap(paragraphs, size, width)
        if is_whole and len(lines) <= _room(size, height):
            return SlateText(lines, size)
    lines, _ = _wrap(paragraphs, smallest, width)
    room = _room(smallest, height)
    if len(lines) > room:
        lines = (*lines[: room - 1], lines[room - 1][:-1] + "…")
    return SlateText(lines, smallest)


def line_file(number: int) -> str:
    """Return the name of the file that holds a line, in the working directory of `command`."""
    return f"line{number}.txt"


def command(text: SlateText, width: int, height: int, *, has_font: bool, output: str) -> tuple[str, ...]:
    """Return the ffmpeg command that draws the slate as one PNG picture.

    It reads FONT and each `line_file` in its working directory. Without a font, the slate is a pause sign
    alone, which every language understands and which is never a black picture.
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
    """Return a scalable font, if possible one with all letters of the message; None if there is none."""
    return _ask_fontconfig(message) or _search(directories)


def missing_letters(message: str) -> str:
    """Return the letters of a message that its font would show as boxes, "" if none or if nobody knows."""
    answer = _fontconfig(message)
    if answer is None:
        return ""
    _, has = answer
    return "".join(letter for letter in dict.fromkeys(message) if ord(letter) in _letters(message) - has)


def has_fontconfig() -> bool:
    """Whether somebody knows which letters a font has."""
    return _fontconfig("") is not None


def _ask_fontconfig(message: str) -> Path | None:
    answer = _fontconfig(message)
    return None if answer is None else answer[0]


def _fontconfig(message: str) -> tuple[Path, set[int]] | None:
    """Return the font that fits a message best, and those of the message's letters that it has."""
    letters = _letters(message)
    pattern = f"sans:bold:scalable=true:charset={' '.join(f'{letter:x}' for letter in sorted(letters))}"
    try:
        answer = process.run(("fc-match", "-f", "%{file}\n%{charset}", pattern), timeout=60)
    except CommandError:  # not every server has fontconfig's tools: `_search` has to do
        return None
    file, _, charset = answer.stdout.partition("\n")
    path = Path(file)
    if path.suffix.lower() not in (".ttf", ".otf", ".ttc") or not path.is_file():
        return None
    ranges = [part.partition("-") for part in charset.split()]
    bounds = [(int(first, 16), int(last or first, 16)) for first, _, last in ranges]
    return path, {letter for letter in letters if any(first <= letter <= last for first, last in bounds)}


def _letters(message: str) -> set[int]:
    return {ord(letter) for letter in message if letter.isprintable() and not letter.isspace()}


def _search(directories: tuple[Path, ...]) -> Path | None:
    fonts = [
        path
        for directory in directories
        for path in sorted(directory.rglob("*"))
        if path.suffix.lower() in (".ttf", ".otf")
    ]
    by_name = {path.name: path for path in fonts}
    return next((by_name[name] for name in _USUAL_FONTS if name in by_name), fonts[0] if fonts else None)


def _wrap(paragraphs: list[str], size: int, width: int) -> tuple[tuple[str, ...], bool]:
    """Return the lines, and whether no word had to be split."""
    text = " ".join(paragraphs)
    is_wide = any(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    columns = max(1, int(width * _TEXT_WIDTH / (size * (_WIDE_GLYPH if is_wide else _GLYPH))))
    lines = tuple(line for paragraph in paragraphs for line in textwrap.wrap(paragraph, columns))
    return lines, is_wide or all(len(word) <= columns for word in text.split())


def _room(size: int, height: int) -> int:
    return max(1, int(height * _TEXT_HEIGHT / (size * _LINE_HEIGHT)))


def _pause_sign(width: int, height: int, *, centre: float) -> str:
    """Return the filters that draw a band across the picture and the two strokes of a pause sign on it."""
    unit = min(width, height) / 6
    stroke, gap = round(unit * 0.28), round(unit * 0.3)
    top, tall = round(centre - unit / 2), round(unit)
    band = f"drawbox=x=0:y={top - tall // 3}:w=iw:h={tall + 2 * (tall // 3)}:color={_BAND}:t=fill"
    strokes = (
        f"drawbox=x={left}:y={top}:w={stroke}:h={tall}:color={_ACCENT}:t=fill"
        for left in (width // 2 - gap // 2 - stroke, width // 2 + gap - gap // 2)
    )
    return ",".join((band, *strokes))
