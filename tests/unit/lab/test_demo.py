"""The demo's judge reports every fault and nothing else."""

import json

from tests.demo.events import Event, Phase, Story
from tests.demo.judge import Evidence, judge
from tests.demo.results import as_json
from tests.lab.received import Received, Shown
from tests.lab.rtmp import VIDEO, RtmpMessage
from tests.lab.taps import Connection

STEP = 0.04


def evidence(*stretches: tuple[str, float, float]) -> Evidence:
    """Make evidence of pictures every 40 ms, in stretches of (source, from, to) seconds."""
    shown = [
        Shown(start + number * STEP, round(1000 * (start + number * STEP)), source)
        for source, start, end in stretches
        for number in range(round((end - start) / STEP))
    ]
    messages = [RtmpMessage(VIDEO, frame.pts, b"\x27\x01\x00\x00\x00", frame.arrived) for frame in shown]
    received = Received(tuple(shown), ((1000.0, 10.0),), (), {})
    return Evidence((Connection(1, messages=messages),), (received,), tuple(m.arrived for m in messages))


def story() -> Story:
    """OBS is accepted at 1 s and stops at 10 s."""
    events = [
        Event("start", "OBS starts", 0.5, brings="live", published=1.0),
        Event("drop", "OBS stops", 10.0, brings="fallback"),
    ]
    return Story(0.0, events, [Phase("live", 3, 10), Phase("fallback", 10.5, 16)])


def test_a_broadcast_within_its_bounds_has_no_faults() -> None:
    """Live after 1.5 s, a change of source without a gap, the right pictures: there is no fault."""
    verdict = judge(story(), {"alpha": evidence(("live", 2.5, 10.1), ("fallback", 10.2, 17.0))})
    assert verdict.faults == ()
    assert 100 <= verdict.medians()["drop"] <= 200
    assert 1450 <= verdict.medians()["first_live_picture"] <= 1550


def test_a_median_gap_over_its_bound_is_a_fault() -> None:
    """A median silence of half a second at drops is reported with figure and bound."""
    verdict = judge(story(), {"alpha": evidence(("live", 2.5, 10.0), ("fallback", 10.48, 17.0))})
    assert verdict.faults == ("drop took 500 ms, more than the bound of 200 ms",)


def test_a_wrong_picture_is_a_fault() -> None:
    """A live picture where the fallback should be is a fault, however good the figures are."""
    stretches = (("fallback", 10.02, 12.02), ("live", 12.02, 12.42), ("fallback", 12.42, 17.02))
    seen = evidence(("live", 2.5, 9.98), *stretches)
    assert judge(story(), {"alpha": seen}).faults == (
        "alpha: 10 of 138 pictures at 10.5…16.0 s are not fallback",
    )


def test_a_platform_that_received_nothing_fails_in_every_respect() -> None:
    """No connection, no picture and endless gaps are reported, without a division by zero."""
    verdict = judge(story(), {"alpha": Evidence((), (), ())})
    assert len(verdict.faults) == 5


def test_the_report_has_the_keys_that_were_promised() -> None:
    """report.json has platforms and handoffs; the waits from publish to picture are a list of their own."""
    seen = {"alpha": evidence(("live", 2.5, 10.1), ("fallback", 10.2, 17.0))}
    report = json.loads(as_json("srs", story(), judge(story(), seen)))
    promised = {"connections", "packets", "non_monotonic", "decode_errors", "max_av_offset_ms"}
    assert promised <= report["platforms"]["alpha"].keys()
    assert [(row["kind"], row["platform"]) for row in report["handoffs"]] == [("drop", "alpha")]
    assert report["server"] == "srs"
