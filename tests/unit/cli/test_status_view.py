"""What `status` prints."""

from dataclasses import replace
from typing import Any

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.cli.status_view import read, table
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


def test_one_line_says_what_is_shown() -> None:
    """And nothing else while all is well."""
    assert table(status(keyframe_interval=2.0)) == (
        "LIVE for 5s - 1280x720, 30 fps, 3.0 Mb/s, keyframe every 2 s"
    )


@pytest.mark.parametrize(
    ("trouble", "unit"),
    [
        ({"systemd": "refuses"}, "restream-agent"),
        ({"preparation": "failed"}, "restream-fallback-prepare"),
        ({"config": "refused"}, "restream-apply"),
    ],
)
def test_trouble_has_a_line_with_the_log_to_read(trouble: dict[str, Any], unit: str) -> None:
    """Of the unit that knows more."""
    assert table(replace(status(), **trouble)).splitlines()[1].endswith(f"(journalctl -u {unit})")


@pytest.mark.parametrize(("interval", "is_told"), [(0, False), (4.0, False), (8.33, True)])
def test_rare_keyframes_are_told(interval: float, is_told: bool) -> None:
    """With what to do about it: platforms complain, and OBS's return waits for one."""
    assert ("set OBS's keyframe interval to 2 s" in table(status(keyframe_interval=interval))) == is_told


def waiting(**changes: Any) -> list[str]:
    """Return the remarks on a stream that the fallback is shown for."""
    well = status()
    assert well.live is not None
    live = replace(well.live, **changes)
    return table(replace(well, state="fallback", live=live)).splitlines()[1:]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "keyframe",
            "waiting for a keyframe of OBS for 9s: set OBS's keyframe interval to 2 s (Settings, Output)",
        ),
        ("data", "OBS is connected, and nothing has come from it for 9s"),
        ("picture", "OBS sends sound and no picture, or one that SRS leaves out (AV1, VP9): waiting for 9s"),
        (
            "real time",
            "waiting for OBS's stream to keep real time for 9s: its network is slow, or catches up",
        ),
        ("settle", "OBS is not shown yet: it has been connected for 9s (ingest.settle)"),
    ],
)
def test_what_live_waits_for_is_told(reason: str, words: str) -> None:
    """While it waits, with what to do; not for the moment that a return takes, nor after OBS has gone."""
    assert waiting(waits_for=reason, waited=9.2) == [words]
    assert waiting(waits_for=reason, waited=2.9) == []
    assert waiting(waits_for=reason, waited=9.2, connected=False) == []


def test_a_reason_of_a_later_version_is_no_error() -> None:
    """It is left out."""
    assert waiting(waits_for="patience", waited=9.2) == []


def test_a_source_without_keyframes_is_named() -> None:
    """In the fallback, where it keeps live away, and while it is live, where it keeps relays away."""
    words = "OBS sends no keyframes, the last one 1min 1s ago: "
    assert waiting(keyframe_age=61.0)[0].startswith(words)
    well = status(twitch=replace(UNKNOWN, state="starting", lacks_keyframe=True))
    assert well.live is not None
    shown = table(replace(well, live=replace(well.live, keyframe_age=61.0))).splitlines()
    assert shown[1].startswith(words)
    assert shown[2] == "  twitch  starting, waits for a keyframe of OBS"
    assert waiting(keyframe_age=30.0) == []


def test_codecs_that_no_platform_gets_are_told_in_full() -> None:
    """Whatever is shown meanwhile; and the tracks that are not played."""
    report = status()
    assert report.live is not None
    live = replace(report.live, video_codec="h264", audio_codec="opus", other_tracks=("sound track 2 (aac)",))
    words = table(replace(report, live=live, unplayable={"opus": "OBS sends Opus, which …"})).splitlines()
    assert words[0].endswith("opus, keyframe every 2 s")
    assert words[1:] == ["OBS sends Opus, which …", "sound track 2 (aac) of OBS is not played: the first is"]


def test_a_weak_line_is_told_with_its_figures() -> None:
    """In the first line, and in a line of its own with what to do."""
    well = status()
    assert well.live is not None
    weak = table(replace(well, live=replace(well.live, weak=True, speed=0.52, late=4.8))).splitlines()
    assert weak[0].startswith("LIVE (weak line) for 5s")
    assert weak[1].startswith("weak line: 0.52 s of stream arrive in a second, 4.8 s late (")
    late = table(replace(well, live=replace(well.live, weak=True, late=4.8))).splitlines()
    assert late[1].startswith("weak line: 4.8 s late (")


@pytest.mark.parametrize(
    ("relay", "words"),
    [
        (RELAY, "delivering, 2.9 Mb/s, 30 fps, 1.00x, 0.5 s delay"),
        (
            replace(UNKNOWN, state="starting", words="attempt 2 after 1 failure, with a pause of 3.0 s"),
            "starting, attempt 2 after 1 failure, with a pause of 3.0 s",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=7.2, redirect="rtmp://h/app"),
            "REFUSED 4 times, next try in 7 s: it redirects to rtmp://h/app (set that as its url)",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=7.2, credential="gamma", words="…"),
            "REFUSED 4 times, next try in 7 s (wrong key? restream-agent secret set gamma)",
        ),
        (
            replace(UNKNOWN, state="refusing", failures=4, next_try=0.0),
            "REFUSED 4 times, trying again now (wrong key?)",
        ),
        (replace(RELAY, bitrate=45_400.0), "delivering, 45 kb/s, 30 fps, 1.00x, 0.5 s delay"),
        (replace(RELAY, bitrate=999_600.0), "delivering, 1.0 Mb/s, 30 fps, 1.00x, 0.5 s delay"),
        (replace(UNKNOWN, state="stalled", idle=7.2), "stalled, nothing taken for 7 s"),
        (
            replace(RELAY, av_offset=28.0),
            "delivering, 2.9 Mb/s, 30 fps, 1.00x, 0.5 s delay, SOUND 28.00 s behind the picture",
        ),
        (
            replace(RELAY, av_offset=-0.0612),
            "delivering, 2.9 Mb/s, 30 fps, 1.00x, 0.5 s delay, SOUND 0.06 s ahead of the picture",
        ),
        (
            replace(RELAY, age=1.7e6, ends_in=447_483.0),
            "delivering, 2.9 Mb/s, 30 fps, 1.00x, 0.5 s delay, "
            "connected anew within 5d 4h 18min 3s, at night or during the fallback",
        ),
        (replace(RELAY, av_offset=0.06), "delivering, 2.9 Mb/s, 30 fps, 1.00x, 0.5 s delay"),
        (replace(RELAY, skipped=3), "delivering, 2.9 Mb/s, 30 fps, 1.00x, 0.5 s delay, 3 pictures skipped"),
    ],
)
def test_each_relay_has_a_line(relay: RelayStatus, words: str) -> None:
    """With the figures that are known."""
    assert table(status(twitch=relay)).splitlines()[1:] == [f"  twitch  {words}"]


def test_a_program_that_says_nothing_has_no_figures() -> None:
    """The agent's answer has an empty table then."""
    silent = replace(status(), state="on air", since=None, cause=None, live=None)
    assert table(read(silent.as_table())) == "ON AIR"


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


def test_the_last_refused_publisher_is_shown_for_a_while() -> None:
    """The reason, the address and the time, and never a key."""
    refused = replace(OFF_AIR, refusal=RefusalStatus("wrong key", "203.0.113.9", ago=61.0, count=9))
    words = "a publisher was refused 1min 1s ago: wrong key, from 203.0.113.9"
    assert table(refused).splitlines()[1:] == [words]
    told = replace(OFF_AIR, refusal=RefusalStatus("no key came", "", ago=1.0, count=1, remedy="type one"))
    assert "no key came, from an unknown address (type one)" in table(told)
    old = replace(refused, refusal=RefusalStatus("wrong key", "203.0.113.9", ago=3600.0, count=9))
    assert table(old).splitlines()[1:] == []


def test_a_refused_edit_is_shown_with_its_line() -> None:
    """As apply has put it into its unit's STATUS=."""
    words = "restream.toml:12: fallback.holdd: unknown key"
    refused = replace(status(), config="refused", config_words=words)
    assert table(refused).splitlines()[1:] == [f"last edit not applied: {words}"]


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
    assert len(shown.splitlines()) == 4


@pytest.mark.parametrize(
    ("state", "sound", "missing", "words"),
    [
        ("live", "silence", "sound", "OBS sends no sound: silence is sent in its place"),
        (
            "live",
            "silence",
            "",
            "OBS sends its sound more than 2 s after its picture: silence is sent in its place",
        ),
    ],
)
def test_a_track_that_does_not_come_is_told(state: str, sound: str, missing: str, words: str) -> None:
    """In a line of its own."""
    well = status()
    assert well.live is not None
    told = table(replace(well, state=state, sound=sound, live=replace(well.live, missing=missing)))
    assert words in told.splitlines()


def test_live_sound_over_the_fallback_is_in_the_first_line() -> None:
    """Beside the state."""
    assert table(replace(status(), state="fallback", sound="live")).startswith("FALLBACK with live sound for")
    assert "with live sound" not in table(replace(status(), sound="live"))


@pytest.mark.parametrize("sound", ["live", "fallback", "none", ""])
def test_nothing_is_told_while_sound_and_picture_come(sound: str) -> None:
    """Or while an earlier version of the program does not say."""
    assert "OBS sends" not in table(replace(status(), sound=sound))
