"""Cases of arrival and of clocks: bursts, few keyframes, slow sources, odd timestamps, a weak line."""

import time

from tests.lab.material import PictureRecipe, picture, sound
from tests.publishers import scripts
from tests.publishers.case import STALL_GAP_MS, Expectation, Play, PublisherCase, plays
from tests.publishers.cases_tracks import JOIN, JOINED_MS, LIVE_AGAIN, LOOK, ordinary
from tests.publishers.scripts import Steps
from tests.publishers.stage import PublisherStage

BREAK, RESUME, BACK = PublisherStage.break_off, PublisherStage.resume, PublisherStage.note_back
KEYFRAME_MS = 2000.0
SLACK_MS = 700.0
LONG_GROUP = PictureRecipe(group=240, pictures=480)
ENDLESS = PictureRecipe(group=9999, pictures=900)
REFRESHED = PictureRecipe(group=60, pictures=900, options="intra-refresh=1")
RECONNECTS = 10
NEXT_LOOK = 5.0  # seconds: the agent's next look comes within them, and may begin another preparation
CONVERTED_SECONDS = 60.0
PHONE = ((31.0, 34.0, 33.0, 37.0), (33.0, 33.0, 34.0), (29.0, 41.0, 33.0, 30.0, 36.0))
"""Lengths of pictures in ms, about 30 a second, as phones send them."""


def _back_within(burst: float) -> float:
    """Return two keyframes, and the burst in which the second of them comes."""
    return 2 * KEYFRAME_MS + 1000 * burst + SLACK_MS


def _bursts(burst: float) -> Expectation:
    return Expectation(
        sources=LIVE_AGAIN, back_ms=_back_within(burst), first_ms=1500 + 1000 * burst,
        pace_ms=600 + 1000 * burst,
    )  # fmt: skip


def _broken(burst: float) -> Play:
    return plays(lambda: scripts.burst(ordinary(15), burst), (5, BREAK), (7, RESUME))


def _stalled(burst: float) -> Play:
    return plays(lambda: scripts.held(scripts.burst(ordinary(16), burst), 6, 9), (9, BACK))


def _reconnected(burst: float) -> Play:
    def play(stage: PublisherStage) -> None:
        stage.run(scripts.burst(ordinary(5), burst))
        stage.run(scripts.burst(ordinary(8), burst))
        stage.back = stage.publishers[-1].published()

    return play


def _endless(recipe: PictureRecipe) -> Steps:
    return scripts.both(scripts.endless(picture(recipe)), sound(), 15)


def _slow_camera() -> Steps:
    return scripts.track(scripts.slow(picture(PictureRecipe(group=15)), 2), 14)


def reconnect_with_a_wandering_rate(stage: PublisherStage) -> None:
    """Publish again and again with a rate that wanders; count the fallback videos that are made for it."""
    before, seen = stage.prepared(), set[str]()
    for number in range(RECONNECTS):
        stage.run(scripts.wander(ordinary(2.5), PHONE[number % len(PHONE)]))
        seen |= stage.prepared()
    stage.sleep_until(time.monotonic() + NEXT_LOOK)
    stage.wait(lambda: not stage.is_preparing(), CONVERTED_SECONDS, "the last preparation to end")
    seen |= stage.prepared()
    stage.counts["conversions"] = len(seen - before)


CASES = (
    PublisherCase(
        "bursts-500ms-break",
        "bursts of 500 ms; the operator asks for the fallback and for live again",
        9,
        _broken(0.5),
        _bursts(0.5),
    ),
    PublisherCase("bursts-500ms-stall", "bursts of 500 ms; nothing for 3 s", 9, _stalled(0.5), _bursts(0.5)),
    PublisherCase(
        "bursts-500ms-reconnect", "bursts of 500 ms; a reconnect", 9, _reconnected(0.5), _bursts(0.5)
    ),
    PublisherCase(
        "bursts-1500ms-break",
        "bursts of 1.5 s; fallback and live again by hand",
        9,
        _broken(1.5),
        _bursts(1.5),
    ),
    PublisherCase(
        "bursts-1500ms-reconnect", "bursts of 1.5 s; a reconnect", 9, _reconnected(1.5), _bursts(1.5)
    ),
    PublisherCase(
        "keyframe-8s-join",
        "a keyframe every 8 s; a relay joins 6 s into a group",
        10,
        plays(lambda: scripts.both(picture(LONG_GROUP), sound(), 18), (14, JOIN), (17, LOOK)),
        Expectation(joined_ms=JOINED_MS, delay_s=(0.0, 1.5)),
    ),
    PublisherCase(
        "keyframe-8s-stall",
        "a keyframe every 8 s; nothing for 3 s, then the wait for the next one",
        10,
        plays(
            lambda: scripts.held(scripts.both(picture(LONG_GROUP), sound(), 19), 9, 12),
            (14, LOOK),
            (12, BACK),
        ),
        Expectation(sources=LIVE_AGAIN, back_ms=9000, gap_ms=STALL_GAP_MS, says=("keyframe",)),
    ),
    PublisherCase(
        "endless-group",
        "one keyframe at the beginning and none after; fallback and live again by hand",
        10,
        plays(lambda: _endless(ENDLESS), (4, BREAK), (6, RESUME), (13, LOOK)),
        Expectation(sources=("live", "fallback"), says=("keyframe",), decode_messages=None),
    ),
    PublisherCase(
        "intra-refresh",
        "recovery points instead of keyframes; fallback and live again by hand",
        10,
        plays(lambda: _endless(REFRESHED), (4, BREAK), (6, RESUME), (13, LOOK)),
        Expectation(sources=LIVE_AGAIN, back_ms=_back_within(0), decode_messages=None),
    ),
    PublisherCase(
        "rate-wanders",
        "a phone's rate wanders: ten publishes, at most one conversion",
        13,
        reconnect_with_a_wandering_rate,
        Expectation(
            sources=("live", "fallback") * (RECONNECTS - 1) + ("live",),
            most={"conversions": 1},
            log_lines=80 * RECONNECTS,
        ),
    ),
    PublisherCase(
        "two-pictures-a-second",
        "two pictures a second, no sound",
        14,
        plays(_slow_camera, (12, LOOK)),
        Expectation(sync_ms=None, live_tracks=("picture",), pace_ms=1000, first_ms=2500),
    ),
    PublisherCase(
        "timestamps-at-2-32",
        "timestamps pass 2^32",
        15,
        plays(lambda: scripts.stamped(ordinary(11), lambda step: step.timestamp + 2**32 - 5000)),
    ),
    PublisherCase(
        "timestamps-at-2-31",
        "timestamps pass 2^31",
        15,
        plays(lambda: scripts.stamped(ordinary(11), lambda step: step.timestamp + 2**31 - 5000)),
    ),
    PublisherCase(
        "timestamps-leap-to-0",
        "timestamps leap back to 0 on one connection",
        15,
        plays(lambda: scripts.stamped(ordinary(11), lambda step: step.timestamp % 6000)),
    ),
    PublisherCase(
        "uplink-at-half-rate",
        "the uplink passes half of what is sent for 12 s",
        16,
        plays(lambda: scripts.slowed(ordinary(12), 3, 9, 0.5), (14, LOOK)),
        Expectation(sources=None, says=("weak",), delay_s=(4.0, 7.5), pace_ms=None, missing=None),
    ),
    PublisherCase(
        "picture-freezes-1200ms",
        "the uplink holds everything for 1.2 s, twice: the second time there is 1.2 s in hand",
        16,
        plays(lambda: scripts.held(scripts.held(ordinary(18), 4, 5.2), 12, 13.2)),
        Expectation(sources=LIVE_AGAIN, gap_ms=STALL_GAP_MS),
    ),
)
