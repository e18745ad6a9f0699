"""The catalogue of publishers: the judge finds every fault and nothing else."""

import json
from dataclasses import replace

import pytest

from tests.chaos.judge import Seen
from tests.demo.screen import Screen
from tests.lab.rtmp import AUDIO, VIDEO, RtmpMessage
from tests.lab.script import Manners, ScriptStep
from tests.lab.taps import Connection
from tests.publishers import cases_door, reception, scripts
from tests.publishers.case import Expectation, PublisherCase, plays
from tests.publishers.catalogue import CASES, chosen
from tests.publishers.judge import CasePlayed, Reception, receive
from tests.publishers.kinds import MANNERS
from tests.publishers.night_judge import NightResult, TrackSeconds
from tests.publishers.report import as_json, line
from tests.publishers.stage import KEYED
from tests.unit.lab.takes import PICTURE, SECONDS, script_of

CALM = Expectation(decode_messages=0, first_ms=500)


def arrivals(
    steps: scripts.Steps, *, start: float = 100.0, delay: float = 0.1, shift: int = 0
) -> tuple[list[Connection], reception.SentFrames]:
    """Return a platform that receives a script as it was sent, and what was sent."""
    steps = scripts.numbered(steps)
    messages = [
        RtmpMessage(step.kind, step.timestamp + shift, step.body, start + step.at + delay) for step in steps
    ]
    sent = reception.sent_frames([(steps, [start + step.at for step in steps])])
    return [Connection(1, opened=start, messages=messages)], sent


def received(
    connections: list[Connection], sent: reception.SentFrames, end: float = 100 + SECONDS
) -> Reception:
    return receive(connections, sent, 100.0, end)


def played(got: Reception, expects: Expectation = CALM, **more: object) -> CasePlayed:
    one = CasePlayed("name", "text", 0, "srs", expects, got)
    return replace(one, **more)  # type: ignore[arg-type]


def test_a_calm_script_has_no_problem() -> None:
    """What arrives as it was sent is as it should be, and its figures are those of the script."""
    got = received(*arrivals(script_of()))
    assert played(got).problems() == []
    assert (got.sources, got.codecs) == (("live",), ("h264", "aac"))
    assert got.first_picture_ms == pytest.approx(100)
    assert got.sync_ms == pytest.approx(0)
    assert got.delay_ms == pytest.approx(100)
    assert got.pace_ms == pytest.approx(0, abs=1)


def test_sound_that_is_off_is_found() -> None:
    """Sound with timestamps 200 ms too late, from the middle on."""
    steps = scripts.stamped(
        script_of(), lambda step: step.timestamp + 200 * (step.kind == AUDIO and step.moment >= 4000)
    )
    got = received(*arrivals(steps))
    assert got.sync_ms == pytest.approx(200)
    assert got.sync_end_ms == pytest.approx(200)
    assert any("+200 ms from its picture" in one for one in played(got).problems())


def test_sound_that_only_arrives_late_is_in_step() -> None:
    """Its timestamps are true, so the platform plays it with its picture."""
    got = received(*arrivals(scripts.later(script_of(), AUDIO, 0.9)), end=110)
    assert got.sync_ms == pytest.approx(0)


def test_frames_that_are_missing_are_counted() -> None:
    """Of each track, between its first and last one; those before a cut and after the end are not missing."""
    connections, sent = arrivals(script_of())
    messages = connections[0].messages
    pictures = [at for at, one in enumerate(messages) if one.kind == VIDEO and scripts_coded(one)]
    for at in (pictures[50], pictures[20], pictures[1], pictures[0]):
        del messages[at]
    got = received(connections, sent)
    assert got.missing == {"picture": 2, "sound": 0}
    assert "2 frames of picture missing" in played(got).problems()


def scripts_coded(message: RtmpMessage) -> bool:
    return scripts.is_coded(ScriptStep(0.0, message.kind, 0, message.payload))


def test_a_second_without_a_track_is_counted() -> None:
    """But not the first second, nor the last three, in which sound may still be on its way."""
    got = received(*arrivals(scripts.without(script_of(), AUDIO, 2, 4.2)))
    assert got.lacking == {"picture": 0, "sound": 2}
    assert "2 seconds without sound" in played(got).problems()
    assert received(*arrivals(scripts.without(script_of(), AUDIO, 5.2, 9))).lacking["sound"] == 0


def test_cuts_are_seen_by_the_pictures() -> None:
    """Pictures without a number are the fallback's."""
    connections, sent = arrivals(script_of())
    messages = connections[0].messages
    for at, one in enumerate(messages):
        if one.kind == VIDEO and 3000 <= one.timestamp < 5000 and scripts_coded(one):
            messages[at] = replace(one, payload=PICTURE)
    got = received(connections, sent)
    assert got.sources == ("live", "fallback", "live")
    assert list(got.cuts_ms) == pytest.approx([100, 3100, 5100])
    assert any("live → fallback → live" in one for one in played(got).problems())
    again = played(got, Expectation(sources=("live", "fallback", "live"), back_ms=500), back_at_ms=4700.0)
    assert again.problems() == []
    assert again.back_ms() == pytest.approx(400)
    late = replace(again, back_at_ms=4000.0)
    assert late.problems() == ["live is back after 1100 ms, not within 500"]
    assert replace(again, back_at_ms=6000.0).problems() == ["live does not come back"]


def test_a_clock_that_runs_fast_is_found() -> None:
    """An eighth too fast."""
    got = received(*arrivals(scripts.stamped(script_of(), lambda step: round(step.moment * 9 / 8))))
    assert got.pace_ms == pytest.approx(1000 * (SECONDS - 8 / 3) / 8, abs=60)  # but for the first 3 s
    assert any("ms off real time" in one for one in played(got).problems())


def test_nothing_at_all_is_a_problem() -> None:
    """A platform that no data reached has neither connection nor picture."""
    problems = played(received([], reception.SentFrames({}))).problems()
    assert "0 connections, not 1" in problems
    assert "no live picture" in problems


@pytest.mark.parametrize(
    ("got", "words"),
    [
        ({"connections": 3}, "3 connections, not 1"),
        ({"non_monotonic": 2}, "2 timestamps do not increase"),
        ({"misplaced": 1}, "1 access unit delimiters are not in front"),
        ({"codecs": ("h264", "mp3")}, "codecs h264, mp3, not aac, h264"),
        ({"decode_messages": ("bad", "worse")}, "2 messages of a decoder: bad; worse"),
        ({"first_picture_ms": 900.0}, "first live picture after 900 ms, not within 500"),
        ({"first_sound_ms": None}, "no live sound"),
        ({"sync_ms": None}, "lip sync unknown: no second has both live tracks"),
    ],
)
def test_each_fault_of_a_stream_is_named(got: dict[str, object], words: str) -> None:
    """One fault, one problem."""
    calm = received(*arrivals(script_of()))
    assert played(replace(calm, **got)).problems() == [words]  # type: ignore[arg-type]


def test_words_are_looked_for() -> None:
    """In `status` and in the journal; what the journal may not have is a problem, and so is a flood."""
    calm = received(*arrivals(script_of()))
    expects = replace(CALM, says=("no sound",), logs=("stall.*picture",), log_lines=2)
    good = played(calm, expects, says="LIVE, No sound", journal=("a stall: picture",))
    assert good.problems() == []
    bad = played(calm, expects, says="LIVE", journal=("Traceback", "2", "3"))
    assert bad.problems() == [
        "`status` never says 'no sound'",
        "the journal never says 'stall.*picture'",
        "journal: Traceback",
        "3 lines in the journal, more than 2",
    ]


def test_a_publisher_that_the_server_ends_is_judged() -> None:
    """Unless that is what is expected; then its absence is a problem."""
    calm = received(*arrivals(script_of()))
    cut = replace(CALM, is_cut_off=True)
    assert played(calm, cut, cut_off="closed reset").problems() == []
    assert played(calm, cut_off="closed reset").problems() == ["the server ended the publisher: closed reset"]
    assert played(calm, cut).problems() == ["the server ended the publisher: no"]


def test_counts_and_delays_have_bounds() -> None:
    """What was not counted is a problem too."""
    calm = received(*arrivals(script_of()))
    expects = replace(CALM, most={"conversions": 1}, delay_s=(0.0, 1.0))
    assert played(calm, expects, counts={"conversions": 1}, delays_s=(0.5,)).problems() == []
    assert len(played(calm, expects, counts={"conversions": 2}, delays_s=(0.5, 8.0)).problems()) == 2
    assert len(played(calm, expects).problems()) == 2


def test_a_relay_that_joins_is_judged_too() -> None:
    """It must be there, soon, with both tracks and a live picture."""
    calm = received(*arrivals(script_of()))
    expects = replace(CALM, joined_ms=1000)
    assert played(calm, expects, joined=calm).problems() == []
    assert played(calm, expects).problems() == ["the relay that joined received nothing"]
    late = replace(calm, joined_ms=2000.0, sources=("fallback",), lacking={"sound": 4})
    assert len(played(calm, expects, joined=late).problems()) == 3


def test_every_case_is_named_once() -> None:
    """Names are in kebab-case; at least 25 cases; a beginning chooses the cases that begin so."""
    names = [case.name for case in CASES]
    assert len(names) == len(set(names)) >= 25
    assert all(name.replace("-", "").isalnum() and len(name) < 27 for name in names)
    assert {case.name for case in chosen(("lane",))} == {"lane-33", "lane-64", "lane-400"}
    with pytest.raises(KeyError, match="nothing"):
        chosen(("nothing",))


def test_what_cannot_be_carried_is_to_be_named() -> None:
    """By an old ffmpeg, or by a server; both expectations are of one case."""
    named = Expectation(says=("hevc",))
    case = PublisherCase("hevc", "text", 6, plays(script_of), carried_from=7, not_on=("srs",), named=named)
    assert case.expectation("nginx-rtmp", 5) is named
    assert case.expectation("srs", 7) is named
    assert case.expectation("nginx-rtmp", 7) is case.expects


def test_the_report_has_the_promised_shape() -> None:
    """A row a case and server, in JSON and on the terminal."""
    one = played(received(*arrivals(script_of())))
    (row,) = json.loads(as_json([one]))["cases"]
    assert (row["name"], row["server"], row["ok"], row["problems"]) == ("name", "srs", True, [])
    assert row["received"]["codecs"] == ["h264", "aac"]
    assert line(one, Screen()).endswith("ok")


def test_the_night_finds_seconds_without_a_track() -> None:
    """Gathered piece by piece, over a cut of the pieces too."""
    connections, sent = arrivals(scripts.without(script_of(), AUDIO, 2, 4.2))
    frames = reception.frames_of(connections[0].messages, sent)
    seconds = TrackSeconds()
    for start in range(0, len(frames), 50):
        seconds.add(frames[start : start + 60])
    assert seconds.lacking() == {"picture": [], "sound": [2, 3]}
    assert seconds.problems() == ["2 seconds without sound (at 2 s, 3 s)"]
    assert TrackSeconds().lacking() == {"picture": [], "sound": []}


def test_the_night_names_every_fault() -> None:
    """Lost connections, disorder, sound that is off or absent at the end, restarts."""
    good = NightResult(published={"ordinary": 3}, sync_end={"alpha": 10.0})
    good.add("alpha", Seen(0, 50.0, 0))
    assert good.problems() == []
    bad = NightResult(sync_end={"alpha": None, "beta": -80.0}, restarts={"fallback.service": 1})
    bad.add("alpha", Seen(1, 50.0, 0))
    bad.add("alpha", Seen(0, 20.0, 2))
    assert bad.problems() == [
        "alpha lost 1 connections",
        "alpha: 2 packets whose timestamp does not increase",
        "alpha: no live sound with its picture at the end",
        "beta: sound is -80 ms from its picture at the end",
        "fallback.service restarted 1 times",
        "nobody published, so nothing was tried",
    ]


@pytest.mark.parametrize("manners", MANNERS)
def test_the_nights_publishers_have_the_right_key(manners: Manners) -> None:
    """Each has a name of its own for nothing but its key."""
    assert manners.name == KEYED


def test_a_refused_publisher_reaches_no_platform() -> None:
    """The door's cases judge what was accepted and what was refused alike on each server."""
    nothing = received([], reception.SentFrames({}))
    assert played(nothing, cases_door.REFUSED).problems() == []
    calm = received(*arrivals(script_of()))
    assert played(calm, cases_door.ACCEPTED).problems() == []
    assert "1 connections, not 0" in played(calm, cases_door.REFUSED).problems()
    assert "no live picture" in played(nothing, cases_door.ACCEPTED).problems()
