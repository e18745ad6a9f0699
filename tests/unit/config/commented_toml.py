"""Valid TOML files: platforms written in every way, comments and blank lines wherever TOML allows them."""

import re
from collections.abc import Callable

from hypothesis import strategies as st

NAMES = ("twitch", "youtube", "kick", "club")
"""The platforms that such a file may have, in each channel."""

_REMARK = re.compile(r"#r\d+[^\r\n]*")
_WORDS = st.sampled_from(
    ["", " about it", ' key = "x"', " [platforms.no]", " # again", ' """', " ünï\u2028", "'"]
)


def keepsakes(text: str) -> list[str]:
    """Return every comment, and "" for every blank line, in the order of the file.

    Each comment of such a file begins with #r and a number of its own, and nothing else does.
    """
    lines = (line.strip(" \t\r") for line in text.removeprefix("\ufeff").split("\n"))
    found = []
    for line in lines:
        remark = _REMARK.search(line)
        if remark is not None or not line:
            found.append("" if remark is None else remark[0].strip(" \t"))
    return found[:-1] if text.endswith("\n") else found


def is_kept(before: str, after: str) -> bool:
    """Whether every comment and blank line of a file is in another, in the same order."""
    rest = iter(keepsakes(after))
    return all(any(each == other for other in rest) for each in keepsakes(before))


@st.composite
def commented_files(draw: st.DrawFn) -> str:
    """Return a file of one or two channels, each with up to four platforms."""
    count = iter(range(10_000))

    def remark() -> str:
        return f"#r{next(count)}{draw(_WORDS)}"

    def gap() -> list[str]:
        kinds = draw(st.lists(st.sampled_from(["", "  ", "remark", "  remark"]), max_size=3))
        return [kind.replace("remark", remark()) for kind in kinds]

    def line(text: str) -> str:
        indent, space = draw(st.sampled_from(["", "", "  ", "\t"])), draw(st.sampled_from(["", " ", "   "]))
        return f"{indent}{text}{space}{remark() if draw(st.booleans()) else ''}"

    def lines(*texts: str) -> list[str]:
        return [each for text in texts for each in (*gap(), line(text))]

    parts = [lines("[ingest]", 'key = { credential = "ingest" }'), lines("[relay]", 'stall = "20s"')]
    parts += _platforms(draw, lines, "")
    parts = draw(st.permutations(parts))
    if draw(st.booleans()):
        parts.append(lines("[channels.es]", 'key = { credential = "ingest-es" }'))
        parts += draw(st.permutations(_platforms(draw, lines, "channels.es.")))
    written = [*lines("version = 1"), *(each for part in parts for each in part), *gap()]
    text = "\n".join(written) + draw(st.sampled_from(["\n", "\n", ""]))
    text = text.replace("\n", "\r\n") if draw(st.integers(0, 5)) == 0 else text
    return "\ufeff" + text if draw(st.integers(0, 9)) == 0 else text


def _platforms(draw: st.DrawFn, lines: Callable[..., list[str]], prefix: str) -> list[list[str]]:
    """Return the lines of each platform of a channel."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    together = draw(st.sampled_from(["", "", "", "dotted", "braces"]))
    if together and names:
        found = lines(f"[{prefix}platforms]")
        for name in names:
            keys = _keys(name, prefix)
            if together == "braces":
                inside = ", ".join(f"{key} = {value}" for key, value in keys)
                found += lines(f"{name} = {{ {inside} }}")
            else:
                found += lines(*(f"{name}.{key} = {value}" for key, value in keys))
        return [found]
    return [_table(draw, lines, f"{prefix}platforms.{name}", _keys(name, prefix)) for name in names]


def _table(
    draw: st.DrawFn, lines: Callable[..., list[str]], path: str, keys: list[tuple[str, str]]
) -> list[str]:
    found = lines(f"[{path}]", *(f"{key} = {value}" for key, value in draw(st.permutations(keys))))
    if draw(st.booleans()):
        found += lines(f"[{path}.video]", "height = 720", 'bitrate = "3000k"')
    elif draw(st.booleans()):
        found += lines('video = { bitrate = "3000k" }')
    if draw(st.booleans()):
        at = found.index(next(each for each in found if f"[{path}]" in each))
        found[at + 1 : at + 1] = lines(f"enabled = {draw(st.sampled_from(['true', 'false']))}")
    return found


def _keys(name: str, prefix: str) -> list[tuple[str, str]]:
    key = f'{{ credential = "{"es." if prefix else ""}{name}" }}'
    if name in ("kick", "club"):
        return [("url", f'"rtmps://{name}.example.org:443/app"'), ("key", key)]
    return [("preset", f'"{name}"'), ("key", key)]
