"""A key's path leads to its line."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.config.toml_lines import KeyPath, line_of

TEXT = '''\
version = 1  # [not.a.table]
text = """
a = "b" """""
literal = \'\'\'
[no]
\'\'\'
list = [  # ]
  "]", 2, [3],
  { x = 1 },
]
inline = { a = { b = 1 }, "c.d" = 2 }
[ platforms . "twitch" ]
url = "a # b = c"
"key" = 1
video.codec = "x"
'video'.height = 2
[platforms]
z = 1
["a.b"."\\u0063"]
d = 1
[[many]]
x = 1
[many.sub]
y = 1
[[many]]
x = 2
last = 1'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 1),
        (("text",), 2),
        (("literal",), 4),
        (("list",), 7),
        (("list", 2), 7),
        (("inline", "a", "b"), 11),
        (("platforms", "twitch"), 12),
        (("platforms", "twitch", "url"), 13),
        (("platforms", "twitch", "key"), 14),
        (("platforms", "twitch", "key", "credential"), 14),
        (("platforms", "twitch", "missing"), 12),
        (("platforms", "twitch", "video"), 15),
        (("platforms", "twitch", "video", "codec"), 15),
        (("platforms", "twitch", "video", "height"), 16),
        (("platforms",), 17),
        (("platforms", "z"), 18),
        (("platforms", "other"), 17),
        (("a.b", "c", "d"), 20),
        (("many",), 21),
        (("many", 0, "x"), 22),
        (("many", 0, "sub", "y"), 24),
        (("many", 1), 25),
        (("many", 1, "x"), 26),
        (("many", 1, "last"), 27),
        (("missing",), 0),
        ((), 0),
    ],
)
def test_finds_the_line(path: KeyPath, line: int) -> None:
    """Keys in every form of TOML are found; what has no line of its own gets its parent's."""
    tomllib.loads(TEXT)
    assert line == line_of(TEXT, path)


def test_counts_lines_that_end_as_on_windows() -> None:
    """CRLF makes no difference."""
    assert line_of(TEXT.replace("\n", "\r\n"), ("many", 1, "x")) == 26


KEYS = st.lists(st.sampled_from(["a", "b", '"c d"', "'e.f'", "g-1", '"\\u0041="']), min_size=1, max_size=3)
FILLERS = st.sampled_from(
    [
        "",
        "# a = 1",
        '{k} = """\n[x]\n"""',
        "{k} = '''\n''''''",
        "{k} = [\n 1, # ]\n '[',\n]",
        '{k} = {{ b = "}}#" }}',
    ]
)


@given(st.lists(st.tuples(KEYS, st.booleans(), FILLERS), max_size=12))
def test_every_key_of_a_generated_file_is_found(blocks: list[tuple[list[str], bool, str]]) -> None:
    """In a text whose values are their own line numbers, every value is the line found for its key."""
    lines: list[str] = []
    for number, (keys, is_header, filler) in enumerate(blocks):
        header = f"[{'.'.join(keys)}]" if is_header else None
        candidate = [*lines, *([header] if header else [])]
        candidate += filler.format(k=f"filler{number}").split("\n")
        candidate.append(f"{' . '.join([f'n{number}', *keys])} = {len(candidate) + 1}")
        try:
            tomllib.loads("\n".join(candidate))
        except tomllib.TOMLDecodeError:
            continue  # a table that is there already
        lines = candidate
    text = "\n".join(lines)
    for path, line in numbers(tomllib.loads(text)):
        assert line == line_of(text, path)


def numbers(table: dict[str, object], path: KeyPath = ()) -> list[tuple[KeyPath, int]]:
    """List the path of every number in nested tables, leaving out lists."""
    found: list[tuple[KeyPath, int]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += numbers(value, (*path, key))
        elif isinstance(value, int):
            found.append(((*path, key), value))
    return found
