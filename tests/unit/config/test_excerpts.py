"""A line of the TOML is shown without its secrets, and the mark stays under what it belongs to."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.base.secret_text import MASK
from restream_agent.config.excerpts import CUT, WIDTH, cells, excerpt


def shown(line: str) -> str:
    return excerpt(line, (0, 1)).text


@pytest.mark.parametrize(
    "line",
    [
        'hold = "30min"',
        "width = 1280",
        'match = { width = 1280, fps = 29.97, profile = "high" }',
        'key = { credential = "twitch" }',
        'key = { file = "/run/secrets/twitch" }',
        'key = "any"',
        'server = "EU: Frankfurt, DE"',
        'url = "rtmps://live.example.org:443/app"',
        'video = ["/srv/a.mp4", "/srv/b.mp4"]',
        'holdd = "30min"',
        "[platforms.twitch]",
        '[platforms."My Club"]',
        "[[many]]",
        "[ingest",
        "platforms.twitch.enabled = false",
    ],
)
def test_shows_what_is_no_secret(line: str) -> None:
    """An excerpt is of use only if the value is in it."""
    assert shown(line) == line


@pytest.mark.parametrize(
    ("line", "visible"),
    [
        ('key = "live_1_hidden"', f'key = "{MASK}"'),
        ("key = 'live_1_hidden", f"key = '{MASK}"),
        ("key = live_1_hidden", f"key = {MASK}"),
        ("key = live_1=hidden?x=hidden", f"key = {MASK}={MASK}={MASK}"),
        ('key = """hidden', f'key = ""{MASK[:0]}"{MASK}'),
        ("key = 12345678", f"key = {MASK}"),
        ('platforms.twitch.key = "hidden"', f'platforms.twitch.key = "{MASK}"'),
        ('key = { credential = "live_123456_hidden" }', f'key = {{ credential = "{MASK}" }}'),
        ('key = { file = "hidden" }', f'key = {{ file = "{MASK}" }}'),
        ('keyy = "hidden"', f'keyy = "{MASK}"'),
        ('stream_key = "hidden"', f'stream_key = "{MASK}"'),
        ('pass = "hidden"', f'pass = "{MASK}"'),
        ('webhook = "https://chat.example.org/hidden"', f'webhook = "{MASK}"'),
        ('url = "rtmp://h/app/hidden"', f'url = "rtmp://h/app/{MASK}"'),
        ('url = "rtmp://h/app?k=hidden"', f'url = "rtmp://h/{MASK}"'),
        ('url = "rtmp://user:hidden@h/app"', f'url = "rtmp://{MASK}"'),
        ('url = "rtmp://user:1/hidden/@h/app"', f'url = "rtmp://{MASK}"'),
        ('url = "rtmp://h/live_123456_hidden"', f'url = "rtmp://h/{MASK}"'),
        ('url = "hidden"', f'url = "{MASK}"'),
        ('server = "rtmp://h/app/hidden"', f'server = "rtmp://h/app/{MASK}"'),
        ('message = "live_123456789_hidden"', f'message = "{MASK}"'),
        ('hold = "30min" # was "hidden"', f'hold = "30min" # {CUT}'),
        (
            'command = ["/usr/bin/tell", "--token", "hidden"]',
            f'command = ["/usr/bin/tell", "{MASK}", "{MASK}"]',
        ),
        ('  "hidden",', f'  "{MASK}",'),
        ("live_1_hidden", MASK),
        ('twitch = "hidden"', f'twitch = "{MASK}"'),
    ],
)
def test_masks_what_may_be_a_secret(line: str, visible: str) -> None:
    """A key in the clear, a URL with a key, and whatever is not known to be harmless."""
    assert shown(line) == visible


PLACES = [
    'key = "{}"', "key = '{}", "key = {}", 'key = {{ credental = "{}" }}', 'key = {{ plain = "{}" }} # {}',
    "{}", '"{}', '["{}"', 'url = "rtmp://h/app/{}"', 'url = "rtmps://{}@h/app"', 'webhook = "{}"',
    'secret = ["{}", "{}"]', 'platforms.a.key = "{}"', 'a = {{ b = {{ c = "{}" }} }}', "x = 1 {}",
    'message = "x" "{}',
]  # fmt: skip


@given(
    st.text(st.characters(codec="ascii", exclude_characters="\"'\\# \n\r,[]{}=."), max_size=12),
    st.sampled_from(PLACES),
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
def test_no_secret_is_shown_wherever_it_stands(noise: str, place: str, marked: tuple[int, int]) -> None:
    """Whatever is around it, whatever is marked, whether or not the line is valid TOML."""
    line = place.replace("{}", f"{noise}sEcReT{noise}").replace("{{", "{").replace("}}", "}")
    part = excerpt(line, (min(marked), max(marked) + 1))
    assert "sEcReT" not in part.text
    assert part.width > 0


@pytest.mark.parametrize(
    ("line", "word", "mark"),
    [
        ('hold = "soon"', '"soon"', '"soon"'),
        ('\thold = "soon"', '"soon"', '"soon"'),
        ('key = "hidden" # x', '"hidden"', f'"{MASK}"'),
        ('key = { credential = "hidden", fil = "/b" }', "fil", "fil"),
    ],
)
def test_the_mark_is_under_the_word(line: str, word: str, mark: str) -> None:
    """Also behind a mask, which is shorter or longer than what it hides."""
    start = line.index(word)
    part = excerpt(line, (start, start + len(word)))
    assert part.text[part.start : part.start + part.width] == mark


def test_the_mark_counts_the_cells_of_a_terminal() -> None:
    """A Chinese letter takes two."""
    part = excerpt('message = "马上回来" x', (10, 16))
    assert (part.start, part.width) == (10, 10)


def test_a_mark_after_the_end_is_one_cell() -> None:
    """Where something is missing."""
    part = excerpt("[ingest", (7, 8))
    assert (part.text, part.start, part.width) == ("[ingest", 7, 1)


@given(st.integers(0, 300), st.integers(1, 300))
def test_a_long_line_is_cut_around_the_mark(start: int, width: int) -> None:
    """It fits a terminal, and what is marked begins in it."""
    line = 'message = "' + "word " * 60 + '"'
    part = excerpt(line, (min(start, len(line) - 1), min(start + width, len(line))))
    assert cells(part.text) <= WIDTH
    assert 0 <= part.start < WIDTH
    assert part.start + part.width <= WIDTH


def test_a_line_of_100_000_brackets_is_cut_at_once() -> None:
    """A file that is no TOML may have one: the time grows with the line, and not with its square."""
    began = time.process_time()
    assert cells(excerpt("x = " + "[" * 100_000, (0, 1)).text) == WIDTH
    assert time.process_time() - began < 5
