"""What `status` prints."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.cli import status_view
from restream_agent.cli.status_view import read
from restream_agent.wire.status_report import (
    LiveStatus,
    PublisherStatus,
    RefusalStatus,
    RelayStatus,
    StatusReport,
)

RELAY = RelayStatus(
    unit="active", state="delivering", connected=True, failures=0, restarts=0, bitrate=2.9e6, frame_rate=30.0,
    speed=1.0, delay=0.5, idle=0.0, delivered=99_000, sent=1000, behind=0.25, queued=0, skipped=0, words="",
)  # fmt: skip
UNKNOWN = replace(
    RELAY, connected=False, restarts=None, bitrate=None, frame_rate=None, speed=None, delay=None, idle=None,
    delivered=None, sent=None, behind=None, queued=None, skipped=None,
)  # fmt: skip


def status(*, keyframe_interval: float = 2.0, **relays: RelayStatus) -> StatusReport:
    """Return the report of a channel that is live."""
    live = LiveStatus(
        connected=True, size=0, frames=0, bitrate=3_000_000, frame_rate=30.0,
        keyframe_interval=keyframe_interval, width=1280, height=720, stalls=0,
    )  # fmt: skip
    return StatusReport(
        state="live", since=5.0, cause="return", held=False, hold_left=None, publisher=None, ingest="up",
        config="ok", systemd="ok", preparation="ok", live=live, hand_offs=(), relays=relays,
    )  # fmt: skip


NOW = datetime(2026, 11, 26, 17, 33, tzinfo=UTC)


def table(report: StatusReport) -> str:
    """Return what a terminal without colours shows."""
    return click.unstyle(status_view.table(report, now=NOW))


def remarks(report: StatusReport) -> list[str]:
    """Return the lines below "needs a hand"."""
    _, _, found = table(report).partition("\n\nneeds a hand\n")
    return [line.removeprefix("  ") for line in found.splitlines()]


def relays(report: StatusReport) -> list[str]:
    """Return the lines about platforms, below the head of their table."""
    lines = [line for block in table(report).split("\n\n")[1:2] for line in block.splitlines()]
    return [line for line in lines if not line.startswith("  PLATFORM")]


def test_a_broadcast_that_is_well_is_a_few_lines() -> None:
    """The state, the time on air, the source, and each platform; columns are aligned."""
    well = status(twitch=replace(RELAY, age=8100.0), youtube=replace(RELAY, age=59.6, restarts=2))
    assert well.live is not None
    live = replace(well.live, video_codec="h264", audio_codec="aac")
    shown = replace(well, publisher=PublisherStatus("main", "192.0.2.1"), live=live, on_air_for=9000.0)
    assert table(shown) == (
        "LIVE for 5s\n"
        "  on air  since 15:03 (2h 30min)\n"
        "  source  OBS from 192.0.2.1: 1280x720, 30 fps, 3.0 Mb/s, h264 + aac, keyframe every 2 s\n"
        "\n"
        "  PLATFORM  STATE       UPTIME    BITRATE   FPS  SPEED  DELAY  RESTARTS\n"
        "  twitch    delivering  2h 15min  2.9 Mb/s  30   1.00x  0.5 s  0\n"
        "  youtube   delivering  1min      2.9 Mb/s  30   1.00x  0.5 s  2"
    )


def test_a_hold_says_when_it_ends() -> None:
    """As a span and as a time; a broadcast of yesterday has its day."""
    held = replace(
        status(), state="fallback", live=None, hold_left=870.0, on_air_for=90_000.0, listen="0.0.0.0:1935"
    )
    assert table(held).splitlines() == [
        "FALLBACK for 5s",
        "  on air  since Wed 25 Nov 16:33 (1d 1h)",
        "  source  OBS is not connected: rtmp://HOST:1935/live",
        "  hold    14min 30s left: off air at 17:47 unless OBS comes back",
    ]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("settle", "shown after ingest.settle (1s)"),
        ("data", "waits for data (1s)"),
        ("picture", "waits for a picture (1s)"),
        ("keyframe", "waits for a keyframe (1s)"),
        ("real time", "waits until it keeps real time (1s)"),
    ],
)
def test_the_source_says_what_live_waits_for(reason: str, words: str) -> None:
    """From the first second on."""
    well = status()
    assert well.live is not None
    waits = replace(well, state="fallback", live=replace(well.live, waits_for=reason, waited=1.2))
    assert table(waits).splitlines()[1].endswith(f", {words}")


def test_tones_are_in_the_text_and_change_nothing_else() -> None:
    """Green for what is well, red for a platform that gets nothing."""
    shown = status_view.table(
        status(twitch=RELAY, kick=replace(UNKNOWN, state="refusing", failures=4)), now=NOW
    )
    assert "\x1b[32mLIVE for 5s\x1b[0m" in shown
    assert "\x1b[32mdelivering\x1b[0m" in shown
    well = status()
    assert well.live is not None
    weak = status_view.table(replace(well, live=replace(well.live, weak=True)), now=NOW)
    assert "\x1b[33mLIVE (weak line) for 5s\x1b[0m" in weak
    assert "\x1b[31m\x1b[1mREFUSED 4 times, trying again now: wrong key?\x1b[0m" in shown


@pytest.mark.parametrize(
    ("relay", "words"),
    [
        (RELAY, "delivering  -       2.9 Mb/s  30   1.00x  0.5 s  0"),
        (
            replace(UNKNOWN, state="starting", words="attempt 2 after 1 failure, with a pause of 3.0 s"),
            "starting, attempt 2 after 1 failure, with a pause of 3.0 s",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=7.2, redirect="rtmp://h/app"),
            "REFUSED 4 times, next try in 7 s: it redirects to rtmp://h/app (set that as its url)",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=7.2, cause="unresolved", credential="a"),
            "UNREACHABLE 4 times, next try in 7 s: the host's name does not resolve",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=7.2, cause="ended", credential="gamma"),
            "REFUSED 4 times, next try in 7 s: wrong key? (restream-agent secret set gamma)",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=7.2, credential="gamma", words="…"),
            "REFUSED 4 times, next try in 7 s: wrong key? (restream-agent secret set gamma)",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=0.0),
            "REFUSED 4 times, trying again now: wrong key?",
        ),
        (replace(RELAY, bitrate=45_400.0), "delivering  -       45 kb/s  30   1.00x  0.5 s  0"),
        (replace(RELAY, bitrate=999_600.0), "delivering  -       1.0 Mb/s  30   1.00x  0.5 s  0"),
        (
            replace(UNKNOWN, state="stalled", idle=7.2, age=61.0, restarts=3),
            "stalled  1min 1s  -        -    -      -      3  nothing taken for 7 s",
        ),
        (replace(UNKNOWN, state="given up", restarts=1), "given up, 1 restart"),
        (replace(UNKNOWN, state="off"), "off"),
        (
            replace(RELAY, av_offset=28.0),
            "delivering  -       2.9 Mb/s  30   1.00x  0.5 s  0  SOUND 28.00 s behind the picture",
        ),
        (
            replace(RELAY, av_offset=-0.0612),
            "delivering  -       2.9 Mb/s  30   1.00x  0.5 s  0  SOUND 0.06 s ahead of the picture",
        ),
        (
            replace(RELAY, age=1_728_000.0, ends_in=447_483.0),
            "delivering  20d     2.9 Mb/s  30   1.00x  0.5 s  0  "
            "connected anew within 5d 4h, at night or during the fallback",
        ),
        (replace(RELAY, av_offset=0.06), "delivering  -       2.9 Mb/s  30   1.00x  0.5 s  0"),
        (replace(RELAY, skipped=3), "delivering  -       2.9 Mb/s  30   1.00x  0.5 s  0  3 pictures skipped"),
    ],
)
def test_each_relay_has_a_line(relay: RelayStatus, words: str) -> None:
    """With the figures that are known."""
    # The head of the table is wider than the name.
    shown = relays(status(twitch=relay))
    assert shown == [f"  twitch{'    ' if relay.state in ('delivering', 'stalled') else '  '}{words}"]


def test_a_program_that_says_nothing_has_no_figures() -> None:
    """The agent's answer has an empty table then."""
    silent = replace(status(), state="on air", since=None, cause=None, live=None)
    assert table(replace(read(silent.as_table()), publisher=PublisherStatus("main", "192.0.2.1"))) == (
        "ON AIR\n  source  OBS from 192.0.2.1"
    )


def test_the_status_of_another_version_is_an_error_that_says_what_to_do() -> None:
    """With the key; `--json` prints it all the same."""
    with pytest.raises(
        RestreamError, match="the agent's status cannot be read: news: is not a known key"
    ) as caught:
        read(status().as_table() | {"news": 1})
    assert "systemctl restart restream-agent" in caught.value.hint


OFF_AIR = replace(status(), state="off air", since=None, live=None, listen="0.0.0.0:1935")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "OFF AIR, waiting for OBS at rtmp://HOST:1935/live"),
        ({"since": 61.2}, "OFF AIR for 1min 1s, waiting for OBS at rtmp://HOST:1935/live"),
        ({"listen": "192.0.2.1:1936"}, "OFF AIR, waiting for OBS at rtmp://192.0.2.1:1936/live"),
        ({"listen": "[::]:1935"}, "OFF AIR, waiting for OBS at rtmp://HOST:1935/live"),
        (
            {"publisher": PublisherStatus("main", "192.0.2.1")},
            "OFF AIR, OBS is sending: restream-agent on-air shows it",
        ),
        ({"ingest": "down"}, "OFF AIR"),
    ],
)
def test_off_air_says_what_the_channel_waits_for(changes: dict[str, Any], words: str) -> None:
    """OBS, or the operator while OBS is sending; nothing while the server does not answer."""
    assert table(replace(OFF_AIR, **changes)).splitlines()[0] == words


def test_nothing_in_the_status_moves_the_cursor() -> None:
    """Words come from other processes and from the network."""
    evil = "\x1b]0;title\x07\u202eabc\n\x9b2J"
    shown = table(
        replace(
            status(twitch=replace(UNKNOWN, state="starting", words=evil)),
            config="refused", config_words=evil, refusal=RefusalStatus(evil, evil, 1.0, 1),
        )
    )  # fmt: skip
    assert [letter for letter in shown if not letter.isprintable() and letter != "\n"] == []
    assert len(shown.splitlines()) == 8


def test_live_sound_over_the_fallback_is_in_the_first_line() -> None:
    """Beside the state."""
    assert table(replace(status(), state="fallback", sound="live")).startswith("FALLBACK with live sound for")
    assert "with live sound" not in table(replace(status(), sound="live"))
