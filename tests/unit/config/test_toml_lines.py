"""A key's path leads to its place in the text."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.config.toml_lines import KeyPath, key_places

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
    ("path", "line", "name", "content"),
    [
        (("version",), 1, "version", "1"),
        (("text",), 2, "text", '"""\na = "b" """""'),
        (("literal",), 4, "literal", "'''\n[no]\n'''"),
        (("list", 0), 8, '"]"', '"]"'),
        (("list", 1), 8, "2", "2"),
        (("list", 2, 0), 8, "3", "3"),
        (("list", 3, "x"), 9, "x", "1"),
        (("inline",), 11, "inline", '{ a = { b = 1 }, "c.d" = 2 }'),
        (("inline", "a"), 11, "a", "{ b = 1 }"),
        (("inline", "a", "b"), 11, "b", "1"),
        (("inline", "c.d"), 11, '"c.d"', "2"),
        (("platforms", "twitch"), 12, '"twitch"', '[ platforms . "twitch" ]'),
        (("platforms", "twitch", "url"), 13, "url", '"a # b = c"'),
        (("platforms", "twitch", "key"), 14, '"key"', "1"),
        (("platforms", "twitch", "video"), 15, "video", "video"),
        (("platforms", "twitch", "video", "codec"), 15, "codec", '"x"'),
        (("platforms", "twitch", "video", "height"), 16, "height", "2"),
        (("platforms",), 17, "platforms", "[platforms]"),
        (("platforms", "z"), 18, "z", "1"),
        (("a.b", "c"), 19, '"\\u0063"', '["a.b"."\\u0063"]'),
        (("a.b", "c", "d"), 20, "d", "1"),
        (("many",), 21, "many", "[[many]]"),
        (("many", 0, "x"), 22, "x", "1"),
        (("many", 0, "sub", "y"), 24, "y", "1"),
        (("many", 1), 25, "many", "[[many]]"),
        (("many", 1, "x"), 26, "x", "2"),
        (("many", 1, "last"), 27, "last", "1"),
    ],
)
def test_finds_the_place(path: KeyPath, line: int, name: str, content: str) -> None:
    """Keys in every form of TOML are found, with their names and with what they hold."""
    tomllib.loads(TEXT)
    place = key_places(TEXT)[path]
    assert (TEXT[slice(*place.name)], TEXT[slice(*place.content)]) == (name, content)
    assert TEXT.count("\n", 0, place.name[0]) + 1 == line


@pytest.mark.parametrize("path", [("missing",), (), ("platforms", "twitch", "missing"), ("list", 9)])
def test_what_is_not_written_has_no_place(path: KeyPath) -> None:
    """Whoever asks looks for the parent."""
    assert path not in key_places(TEXT)


def test_reads_lines_that_end_as_on_windows() -> None:
    """The end of a line is in no value."""
    text = TEXT.replace("\n", "\r\n")
    place = key_places(text)["many", 1, "x"]
    assert (text[slice(*place.content)], text.count("\n", 0, place.name[0])) == ("2", 25)


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
    places = key_places(text)
    for path, line in numbers(tomllib.loads(text)):
        assert text.count("\n", 0, places[path].content[0]) + 1 == line


def numbers(table: dict[str, object], path: KeyPath = ()) -> list[tuple[KeyPath, int]]:
    """List the path of every number in nested tables, leaving out lists."""
    found: list[tuple[KeyPath, int]] = []
    for key, value in table.items():
        if isinstance(value, dict):
            found += numbers(value, (*path, key))
        elif isinstance(value, int):
            found.append(((*path, key), value))
    return found
