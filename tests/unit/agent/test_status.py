"""The status in words and as JSON."""

import json
from dataclasses import replace

import pytest

from restream_agent.agent.ffmpeg_progress import Progress, ProgressHistory
from restream_agent.agent.ingest_health import IngestHealth
from restream_agent.agent.relay_health import RelayView
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.agent.status import Status
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.unit_state import UnitState
from restream_agent.wire.attempts import AttemptStatus
from restream_agent.wire.program_report import HandOffKindReport, HandOffReport, HandOffsReport
from restream_agent.wire.status_report import StatusReport
from tests.unit.agent.reports import live, program, relay

ON_AIR = Situation(now=0.0, is_on_air=True)
TWITCH = relay(sent=1000, behind=250, skipped=7)
LACKING = replace(TWITCH, lacks_keyframe=True)
FAILED = AttemptStatus(4, 8.0)
RELAYS = (
    RelayView(
        "twitch", 100.0, UnitState("active", since=50.0), TWITCH,
        ProgressHistory.begin(Progress(99_000, 60, 49.5, 2_900_000.0, 30.0, 1.0), 100.0), position=50_000.0,
        running_for=50.0,
    ),
    RelayView("youtube", 100.0, UnitState("activating", restarts=4, words=FAILED.to_status(), started=95.0)),
)  # fmt: skip
LIVE = Status(
    situation=ON_AIR,
    publisher=Publisher("c1", "main", "192.0.2.1"),
    relays=RELAYS[:1],
    program=program(
        source="live",
        since=61_234,
        cause="return",
        live=live(bitrate=3_000_000, keyframe_interval=2000),
        hand_offs=HandOffsReport(
            {"stall": HandOffKindReport(3, 2, 2100, (0, 0, 0, 0, 1, 2, 2))},
            (HandOffReport("return", "live", 61_234, 45),),
            (50, 100, 200, 500, 1000, 2000, 5000),
        ),
    ),
)


def playing(source: str | None) -> Status:
    """Return LIVE with another source; None is a program that says nothing."""
    return replace(LIVE, program=None if source is None else program(source=source))


@pytest.mark.parametrize(
    ("source", "is_on_air", "state"),
    [
        ("live", True, "live"),
        ("fallback", True, "fallback"),
        ("none", True, "opening"),
        (None, True, "on air"),
        ("live", False, "off air"),
    ],
)
def test_states_have_the_names_of_the_design(source: str | None, is_on_air: bool, state: str) -> None:
    """What systemd says of the target goes before what the program last said of itself."""
    assert replace(playing(source), situation=replace(ON_AIR, is_on_air=is_on_air)).state == state


def test_off_air_counts_since_off_air() -> None:
    """And not since the fallback began, which the program may have said just before."""
    status = replace(playing("fallback"), situation=replace(ON_AIR, is_on_air=False), off_air_for=2.04)
    assert status.as_json()["since"] == 2.0
    assert replace(status, off_air_for=None).as_json()["since"] is None


def test_a_refused_edit_has_its_words() -> None:
    """Those of a run that succeeded are not shown."""
    refused = replace(LIVE, refused="run-1", refused_words="restream.toml:1: x\x1b")
    assert refused.as_json()["config_words"] == "restream.toml:1: x "
    assert replace(refused, refused="").as_json()["config_words"] == ""


def test_an_edit_that_waits_for_a_decision_is_not_refused() -> None:
    """The run that came too early has said so; what is to be done is to confirm or to take back."""
    waiting = replace(LIVE, refused="run-1", refused_words="an earlier apply waits", edit="unconfirmed")
    assert (waiting.as_json()["config"], waiting.as_json()["config_words"]) == ("unconfirmed", "")
    assert replace(waiting, edit="taken back").as_json()["config"] == "refused"


def test_live_names_the_address() -> None:
    """systemctl status shows whose stream it is."""
    assert LIVE.words() == "live from 192.0.2.1"


def test_a_hold_says_when_it_ends() -> None:
    """In systemd's own spelling of time spans."""
    holding = replace(playing("fallback"), hold_left=90.4)
    assert (holding.words(), holding.summary) == ("fallback, off air in 1min 30s", "fallback")


def test_json_carries_what_all_say_of_each_relay() -> None:
    """systemd, the program and its own ffmpeg; what is not known is null."""
    found = replace(LIVE, relays=RELAYS, credentials={"youtube": "youtube"}).as_json()
    assert (found["state"], found["since"], found["cause"]) == ("live", 61.2, "return")
    assert found["publisher"] == {"stream": "main", "address": "192.0.2.1"}
    assert found["relays"] == {
        "twitch": {
            "unit": "active", "state": "delivering", "connected": True, "failures": 0, "restarts": 0,
            "bitrate": 2_900_000.0, "frame_rate": 30.0, "speed": 1.0, "delay": 0.5, "idle": 0.0,
            "delivered": 99_000, "sent": 1000, "behind": 0.25, "queued": 0, "skipped": 7, "words": "",
            "next_try": None, "credential": "", "av_offset": None, "age": 50.0, "ends_in": None,
            "lacks_keyframe": False, "redirect": "", "cause": "",
        },
        "youtube": {
            "unit": "activating", "state": "refusing", "connected": False, "failures": 4, "restarts": 4,
            "bitrate": None, "frame_rate": None, "speed": None, "delay": None, "idle": 100.0,
            "delivered": None, "sent": None, "behind": None, "queued": None, "skipped": None,
            "words": FAILED.sentence(), "next_try": 3.0, "credential": "youtube",
            "av_offset": None, "age": None, "ends_in": None,
            "lacks_keyframe": False, "redirect": "", "cause": "",
        },
    }  # fmt: skip


def test_json_has_these_keys_and_no_others() -> None:
    """Users' scripts read them: a key that is taken away or renamed breaks somebody's."""
    status = replace(LIVE, relays=RELAYS, hold_left=1.0).as_json()
    assert list(status) == [
        "state", "since", "cause", "held", "hold_left", "publisher", "ingest", "config", "systemd",
        "preparation", "live", "hand_offs", "relays", "refusal", "port", "config_words", "listen",
        "unplayable", "sound", "on_air_for", "failed_units", "watch", "version", "commit",
    ]  # fmt: skip
    assert list(status["publisher"]) == ["stream", "address"]
    assert list(status["live"]) == [
        "connected", "size", "frames", "bitrate", "frame_rate", "keyframe_interval", "width", "height",
        "stalls", "speed", "late", "weak", "waits_for", "waited", "keyframe_age",
        "video_codec", "audio_codec", "profile", "full_range",
        "sample_rate", "channels", "stated_rate", "measured_rate", "other_tracks", "missing", "stalled",
        "age", "connection",
    ]  # fmt: skip
    assert list(status["hand_offs"][0]) == ["kind", "source", "ago", "gap", "stalled"]
    assert list(status["relays"]["youtube"]) == [
        "unit", "state", "connected", "failures", "restarts", "bitrate", "frame_rate", "speed", "delay",
        "idle", "delivered", "sent", "behind", "queued", "skipped", "words", "next_try", "credential",
        "av_offset", "age", "ends_in",
        "lacks_keyframe", "redirect", "cause",
    ]  # fmt: skip


@pytest.mark.parametrize("source", ["live", "fallback", "none", None])
def test_the_command_line_reads_what_the_agent_answers(source: str | None) -> None:
    """Through JSON; without a program, `live` is an empty table."""
    status = replace(playing(source), relays=RELAYS)
    answer = json.loads(json.dumps(status.as_json()))
    assert StatusReport.from_table(answer) == status.report()
    assert (answer["live"] == {}) == (source is None)


def test_json_tells_the_hand_offs_and_the_publishers_stalls() -> None:
    """Times in seconds."""
    found = LIVE.as_json()
    assert found["hand_offs"] == [
        {"kind": "return", "source": "live", "ago": 61.2, "gap": 0.045, "stalled": ""}
    ]
    assert (found["live"]["stalls"], found["live"]["keyframe_interval"]) == (3, 2.0)


def test_json_tells_what_stops_and_what_is_heard() -> None:
    """In the words of the program."""
    assert LIVE.program is not None
    live = replace(LIVE.program.live, missing="sound")
    stall = HandOffReport("stall", "fallback", 10, 1000, "picture")
    hand_offs = replace(LIVE.program.hand_offs, recent=(stall,))
    stalls = {"picture": 2, "sound": 1, "all": 0}
    program = replace(LIVE.program, live=live, hand_offs=hand_offs, sound="silence", stalls=stalls)
    status = replace(LIVE, program=program)
    found = status.as_json()
    assert (found["sound"], found["live"]["missing"], found["live"]["stalled"]) == (
        "silence",
        "sound",
        stalls,
    )
    assert (found["hand_offs"][0]["stalled"], status.stalled) == ("picture", "picture")


def test_a_program_that_says_nothing_has_no_source() -> None:
    """Nor a time in it; on air, that is a problem."""
    silent = playing(None)
    found = silent.as_json()
    assert (found["state"], found["since"], found["cause"]) == ("on air", None, None)
    assert silent.problems() == ("on air, but the program says nothing",)


def test_trouble_stands_in_the_line_for_systemctl() -> None:
    """With the platform's name."""
    assert replace(LIVE, relays=RELAYS).words() == "live from 192.0.2.1, youtube refusing"


def test_a_server_that_does_not_answer_is_down() -> None:
    """None is not the empty list."""
    down = replace(LIVE, situation=replace(ON_AIR, publishers=None))
    assert (down.as_json()["ingest"], down.problems()) == ("down", ("the ingest server does not answer",))


def test_what_systemd_refuses_is_a_problem_for_a_monitor() -> None:
    """With systemd's last line: without polkit nothing goes on air."""
    refused = replace(LIVE, systemd_refusal="systemctl start x: failed\nAccess denied")
    assert refused.problems() == ("systemd refuses what the agent asks for: Access denied",)
    assert refused.as_json()["systemd"] == "refuses"


def test_a_failed_preparation_is_in_the_status_and_wakes_nobody() -> None:
    """The broadcast goes on; its fallback has the format of before."""
    unprepared = replace(LIVE, is_unprepared=True)
    assert (unprepared.as_json()["preparation"], unprepared.problems()) == ("failed", ())


def test_a_dead_port_is_a_problem_although_the_server_answers() -> None:
    """OBS cannot come back, and nothing else shows it."""
    dead = replace(LIVE, situation=replace(ON_AIR, ingest=IngestHealth(is_port_dead=True)))
    assert (dead.as_json()["ingest"], dead.as_json()["port"], LIVE.as_json()["port"]) == ("up", "down", "up")
    assert dead.problems() == ("the ingest server accepts no connections on its public port",)


@pytest.mark.parametrize(
    ("speed", "late", "weak"),
    [(None, 0, False), (1.0, 2000, False), (0.95, 0, False), (0.949, 0, True), (1.0, 2001, True)],
)
def test_a_line_that_is_slow_or_late_is_weak(speed: float | None, late: int, *, weak: bool) -> None:
    """Slower than real time, or more than two seconds later than at its best; in seconds."""
    report = program(source="live", live=live(speed=speed, late=late))
    found = replace(LIVE, program=report).as_json()["live"]
    assert (found["weak"], found["late"]) == (weak, round(late / 1000, 1))


def test_a_publisher_that_has_gone_is_not_weak() -> None:
    """What it did before says nothing of now."""
    gone = replace(live(speed=0.1, late=9000), connected=False)
    assert not replace(LIVE, program=program(live=gone)).as_json()["live"]["weak"]


def test_what_live_waits_for_is_told_in_seconds() -> None:
    """And how old the last keyframe is; and which relay has nothing to begin with."""
    report = program(source="fallback", live=live(waits_for="keyframe", waited=9040, keyframe_age=14_000))
    status = replace(LIVE, program=report, relays=(replace(RELAYS[0], connection=LACKING),)).as_json()
    found = status["live"]
    assert (found["waits_for"], found["waited"], found["keyframe_age"]) == ("keyframe", 9.0, 14.0)
    assert status["relays"]["twitch"]["lacks_keyframe"]


def test_codecs_that_no_platform_can_get_are_in_the_json() -> None:
    """With what to set; and whether OBS's codecs are known at all."""
    assert LIVE.program is not None
    sending = replace(LIVE.program.live, connected=True, video_codec="hevc", audio_codec="aac")
    status = replace(LIVE, program=replace(LIVE.program, live=sending), obstacles={"hevc": "SRS"})
    assert list(status.as_json()["unplayable"]) == ["hevc"]
    assert status.is_sending
    assert not replace(LIVE, program=None).is_sending


def test_the_time_on_air_counts_the_broadcast_not_the_source() -> None:
    """Off air it is not known; a drop and a return do not begin it anew."""
    live = replace(LIVE, on_air_for=3600.04)
    assert live.as_json()["on_air_for"] == 3600.0
    off_air = replace(live, situation=replace(ON_AIR, is_on_air=False))
    assert off_air.as_json()["on_air_for"] is None


def test_failed_units_have_the_names_that_journalctl_knows() -> None:
    """Those of the channel are instances."""
    failed = replace(LIVE, failed_units=("restream-forget.service", "restream-notify.service"))
    assert failed.as_json()["failed_units"] == ["restream-forget.service", "restream-notify.service"]
    names = replace(failed, channel=Channel("es")).as_json()["failed_units"]
    assert names == ["restream-forget@es.service", "restream-notify.service"]
