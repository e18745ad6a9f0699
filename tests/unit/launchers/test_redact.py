"""What a line of somebody else's log may still say, and what never."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.launchers.log_filter import LONGEST_LINE, lines
from restream_agent.launchers.redact import clean, mark, parts

BODY = '{"action":"on_publish","stream":"NAME","param":"?key=SECRET","tcUrl":"rtmp://h/live?key=SECRET"}'
HOOK = "http://127.0.0.1:8085/api/on_publish?token=SECRET"
LINES = [
    # Recorded from SRS 6.0.157: a hook that refused, and one that nobody answered.
    (
        f"[ERROR] serve error code=4005 : rtmp on_publish {HOOK} : url={HOOK}, request={BODY}, "
        'response={"code":403}, code=403 : http: status 403',
        "[ERROR] serve error code=4005 : rtmp on_publish http://127.0.0.1:8085/api/on_publish?… : "
        "url=http://127.0.0.1:8085/api/on_publish?…, request=…, code=403 : http: status 403",
    ),
    (f"url={HOOK}, request={BODY[:60]}", "url=http://127.0.0.1:8085/api/on_publish?…, request=…"),
    ("stream /live/SECRET is busy", "stream /live/… is busy"),
    ("play rtmp://h/live/SECRET?key=SECRET: denied", "play rtmp://h/live/…: denied"),
    ("publish: name='SECRET' args='key=SECRET'", "publish: name='…' args='…'"),
    ("rtmp://h:1935/app: Input/output error", "rtmp://h:1935/app: Input/output error"),
]


@pytest.mark.parametrize(("line", "expected"), LINES)
def test_a_server_s_line_keeps_its_sense(line: str, expected: str) -> None:
    """Names, queries and hook bodies go; what failed, and where, stays."""
    assert clean(line, ()) == expected


@pytest.mark.parametrize("key", ["abcd-efgh-1234", "stream_1?auth=qwerty&x=1", "k" * 900])
def test_a_key_that_a_platform_quotes_is_hidden(key: str) -> None:
    """Whole, or cut at its question mark as servers do; the words around it stay."""
    quoted = clean(f"Server error: {key} is wrong, {key.partition('?')[0]} is banned", parts(key))
    assert quoted == "Server error: … is wrong, … is banned"


@given(before=st.text(), after=st.text(), key=st.text(st.characters(codec="ascii"), min_size=4))
def test_no_line_shows_a_key(before: str, after: str, key: str) -> None:
    """Wherever it stands, and whatever it is made of."""
    assert key not in clean(before.replace(key, "") + key + after.replace(key, ""), (key,)).replace("…", "")


def test_lines_come_whole_and_long_ones_are_cut() -> None:
    """The rest of a line above the limit is left out; the next one is whole again."""
    text = b"one\n" + b"x" * (3 * LONGEST_LINE) + b"SECRET\ntwo"
    assert list(lines(io.BytesIO(text))) == ["one", "x" * LONGEST_LINE, "two"]


def test_control_characters_do_not_pass() -> None:
    """A client's address may hold any; the server's own colours are left out without a trace."""
    line = "\x1b[31m[2026-11-26 00:47:08.765][ERROR] discovery tcUrl failed, tcUrl=rtmp://\x1b]0;x\x07\x9b\u202e\r"
    clear = clean(line, ())
    assert clear.startswith("[2026-11-26 00:47:08.765][ERROR] discovery tcUrl failed, tcUrl=rtmp://")
    assert clear.isprintable()


@pytest.mark.parametrize(
    ("program", "line", "marked"),
    [
        ("srs", "[2026-11-26 00:47:08.765][ERROR][1][x][11] serve error", False),
        ("srs", "thread [1][x]: do_cycle() [./src/app/srs_app_rtmp_conn.cpp:263][errno=11]", False),
        ("srs", "==12==ERROR: AddressSanitizer: stack-overflow on address 0x1", False),
        ("srs", "    #0 0x1 in SrsAmf0Object::read", False),
        ("srs", "publish refused: wrong key from 192.0.2.9", True),
        ("srs", ", schema=, vhost=__defaultVhost__, port=1935, app=", True),
        ("nginx", "2026/11/26 00:47:08 [error] 1#1: *1 connect: application not found", False),
        ("nginx", "nginx: [emerg] bind() to 0.0.0.0:1935 failed", False),
        ("nginx", "publish refused: wrong key from 192.0.2.9", True),
        ("ffmpeg", "publish refused: wrong key from 192.0.2.9", False),
    ],
)
def test_lines_that_a_client_began_are_marked(program: str, line: str, *, marked: bool) -> None:
    """SRS logs the line breaks in a client's address."""
    assert mark(line, program) == ("| " if marked else "") + line
