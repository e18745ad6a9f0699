"""Of a server's log the journal is told whom the server turned away, and its errors; never a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.base.obs_words import TO_TYPE
from restream_agent.launchers.server_log import (
    LOGS,
    MOST_SENDERS,
    MOST_TOLD,
    WINDOW,
    NginxLog,
    ServerLog,
    SrsLog,
)  # fmt: skip

KEY = "S3cretS3cret"
STACK = "thread [1][c1]: do_cycle() [./src/app/srs_app_rtmp_conn.cpp:198][errno=11]"


def srs(level: str, words: str, client: str = "c1") -> str:
    """Return a line as SRS 6.0.157 writes it to its console."""
    number = "[11]" if level in {"WARN", "ERROR"} else ""
    colour, end = ("\x1b[31m", "(Resource temporarily unavailable)") if level == "ERROR" else ("", "")
    return f"{colour}[2026-11-26 00:47:08.765][{level}][1][{client}]{number} {words}{end}"


def nginx(level: str, words: str, *, client: str = ", client: 192.0.2.7, server: 0.0.0.0:1935") -> str:
    """Return a line as nginx writes it."""
    return f"2026/11/26 00:47:08 [{level}] 12#12: *5 {words}{client}"


def told(log: ServerLog, *lines: str) -> list[str]:
    return [words for line in lines for words in log.tell(line)]


CONNECTED = srs("INFO", "RTMP client ip=192.0.2.7:41234, fd=12")
EMPTY = srs("ERROR", "serve error code=2048(StreamNameEmpty) : service cycle : rtmp: empty stream")


def test_srs_turns_a_client_away_in_one_line() -> None:
    """The address is from the line of its connection; the stack is left out."""
    said = told(SrsLog(), CONNECTED, EMPTY, STACK, "\x1b[0m" + srs("INFO", "client finished"))
    assert said == [f"refused by SRS: from 192.0.2.7, the stream key is empty; {TO_TYPE}"]


def test_a_picture_that_srs_leaves_out_is_said_once() -> None:
    """SRS 6.0.157 has a line for each picture of AV1; the publisher and its sound stay."""
    left_out = srs("WARN", "drop unknown header video, size=4034, bytes[0]=0x91")
    other = srs("WARN", "drop unknown header video, size=40, bytes[0]=0x90", client="c2")
    said = told(SrsLog(), CONNECTED, left_out, left_out, other, left_out)
    reason = (
        "its picture: SRS passes no AV1 and no VP9; set the video encoder in OBS to H.264 (Settings, Output)"
    )
    assert said == [f"refused by SRS: from {who}, {reason}" for who in ("192.0.2.7", "an unknown address")]


def test_what_the_agent_has_refused_is_not_said_again() -> None:
    """It has its line in the agent's journal; a hook that nobody answers has none there."""
    hook = 'rtmp on_publish http://h : http: on_publish failed, request={}, response={"code":403}, code='
    assert told(SrsLog(), CONNECTED, srs("ERROR", f"serve error code=4005 : {hook}403"), STACK) == []
    (said,) = told(SrsLog(), CONNECTED, srs("ERROR", f"serve error code=1018 : {hook}-1"), STACK)
    assert said.startswith("refused by SRS: from 192.0.2.7, the agent does not answer")


# Recorded from SRS 6.0.157, without what follows the last words here.
RECORDED = [
    ("2006(RtmpTcUrl)(Failed to discover tcUrl from request) : service cycle : rtmp: stream service : "
     "discovery tcUrl failed, tcUrl=live, schema=, vhost=__defaultVhost__, port=1935, app=",
     f"its URL cannot be read; {TO_TYPE}"),
    ("2000(RtmpPlainRequired)(RTMP handshake requires plain text) : rtmp handshake : simple handshake : "
     "only support rtmp plain text, version=47", "it does not speak RTMP"),
    ("1011(SocketTimeout)(Socket io timeout) : rtmp handshake : read c0c1",
     "it did not finish the handshake in time"),
    ("1054(SecurityAllow)(Referer security failed for allow rules) : service cycle : rtmp: stream service : "
     "rtmp: security check : for 127.0.0.1 : not allowed by any of 2/0 rules",
     "the stream is played on this machine only"),
    ("1011(SocketTimeout)(Socket io timeout) : service cycle : rtmp: stream service : "
     "rtmp: start FMLE publish : recv FCPublish : recv message",
     "it sends FCPublish without releaseStream, for which SRS waits; nginx-rtmp takes it"),
    ("1011(SocketTimeout)(Socket io timeout) : service cycle : rtmp: stream service : rtmp: publish timeout "
     "10000ms, nb_msgs=0", "nothing came from it for 10000 ms"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "reason"), RECORDED)
def test_srs_s_reasons_have_plain_words(words: str, reason: str) -> None:
    """One line each."""
    said = told(SrsLog(), CONNECTED, srs("ERROR", f"serve error code={words}"), STACK)
    assert said == [f"refused by SRS: from 192.0.2.7, {reason}"]


def test_another_error_of_srs_keeps_its_words() -> None:
    """With the address, and with its stack."""
    error = srs("ERROR", "serve error code=1 : something else", client="c9")
    connected = srs("INFO", "RTMP client ip=2001:db8::7:41234, fd=12", client="c9")
    said = told(SrsLog(), connected, error, STACK)
    assert said == [error.removeprefix("\x1b[31m") + " (client 2001:db8::7)", STACK]


def test_nothing_of_srs_s_steps_is_told() -> None:
    """They have the publisher's key, and line breaks that a client has sent."""
    step = srs("INFO", f"connected stream, tcUrl=rtmp://h/live, stream=main, param=?key={KEY}")
    forged = [srs("INFO", "connect app, tcUrl=rtmp://h/"), f"publish refused: {KEY}", "==1=a"]
    assert told(SrsLog(), step, *forged, srs("WARN", f"client {KEY}"), srs("DEBUG", KEY)) == []


def test_a_client_cannot_give_another_an_address() -> None:
    """The first line of a client is SRS's own."""
    forged = srs("INFO", "RTMP client ip=203.0.113.9:1, fd=1")
    assert "from 192.0.2.7," in told(SrsLog(), CONNECTED, forged, EMPTY)[0]


def test_few_clients_of_srs_are_remembered() -> None:
    """The oldest is forgotten."""
    log = SrsLog()
    told(log, CONNECTED)
    for number in range(MOST_SENDERS):
        told(log, srs("INFO", "RTMP client ip=192.0.2.8:41234, fd=12", client=f"x{number}"))
    assert "from an unknown address," in told(log, EMPTY)[0]


REASONS = [
    ("info", "too big message: 1048576", "a message has more than 1048576 bytes, as a large keyframe has"),
    ("info", "RTMP in chunk stream too big: 33 >= 32",
     "its chunk stream is 33; nginx-rtmp takes those below 32"),
    ("alert", "too big RTMP chunk size:99999999", "its chunks have 99999999 bytes"),
    ("error", "live: drop idle publisher", "nothing came from it for ingest.timeout"),
    ("error", "access forbidden by rule", "the stream is played on this machine only"),
    ("error", "live: already publishing", "somebody else publishes the stream"),
    ("info", "connect: application not found: 'x'", f"its application is unknown; {TO_TYPE}"),
    ("info", "handshake: unexpected RTMP version: 71", "it does not speak RTMP"),
    ("info", "notify: empty or broken HTTP response",
     "the agent does not answer; systemctl status restream-agent"),
]  # fmt: skip


@pytest.mark.parametrize(("level", "words", "reason"), REASONS)
def test_nginx_turns_a_client_away_in_one_line(level: str, words: str, reason: str) -> None:
    """Whatever the level."""
    assert told(NginxLog(), nginx(level, words)) == [f"refused by nginx-rtmp: from 192.0.2.7, {reason}"]


def test_nothing_of_nginx_s_steps_is_told() -> None:
    """A client's words are in quotes, and may look like anything."""
    steps = [
        nginx("info", f"publish: name='main' args='key={KEY}' type=live silent=0"),
        nginx("info", "connect: app='too big message: 1' args='' tc_url='x"),
        f"{KEY}', client: 203.0.113.9, server: 0.0.0.0:1935",
        nginx("info", "*5 client connected '192.0.2.7'"),
        nginx("notice", "start worker process 13", client=""),
    ]
    assert told(NginxLog(), *steps) == []


def test_the_address_is_the_one_that_nginx_adds() -> None:
    """Not one that a client has named."""
    line = nginx("info", "connect: application not found: 'x', client: 203.0.113.9, server: y'")
    assert "from 192.0.2.7," in told(NginxLog(), line)[0]


def test_errors_of_nginx_pass_without_secrets() -> None:
    """Also what it says before it has a log, at any time."""
    error = nginx("error", f"connect() to http://h/x?token={KEY} failed", client="")
    emerg = "nginx: [emerg] bind() to 0.0.0.0:1935 failed"
    said = told(NginxLog(), emerg, nginx("info", "createStream"), emerg, error)
    assert said == [emerg, emerg, error.replace(KEY, "…").replace("token=", "")]


def test_a_report_of_a_crash_passes() -> None:
    """AddressSanitizer's, after any line."""
    report = ["==12==ERROR: AddressSanitizer: stack-overflow", "    #0 0x1 in SrsAmf0Object::read"]
    assert told(SrsLog(), CONNECTED, *report) == report


@pytest.mark.parametrize("kind", LOGS)
def test_a_flood_is_counted(kind: str) -> None:
    """A few lines, and how many there were, with the next one."""
    now = [0.0]
    log = LOGS[kind](clock=lambda: now[0])
    line = EMPTY if kind == "srs" else nginx("info", "too big message: 1")
    assert len(told(log, *[line] * 1000)) == MOST_TOLD
    now[0] = WINDOW
    more, last = told(log, line)
    assert more == f"refused by {log.name}: {1000 - MOST_TOLD} more"
    assert last.startswith(f"refused by {log.name}: from")


@given(st.sampled_from(sorted(LOGS)), st.lists(st.text()))
def test_no_line_ends_the_log(kind: str, lines: list[str]) -> None:
    """Whatever a server writes, the next error is told."""
    log = LOGS[kind]()
    for line in lines:
        assert all(words.isprintable() for words in log.tell(line))
    error = srs("ERROR", "x") if kind == "srs" else nginx("error", "x")
    assert len(log.tell(error)) == 1
