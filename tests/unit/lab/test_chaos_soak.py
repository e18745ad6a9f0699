"""The verdict on a soak: growth is told from noise, and every failure is reported."""

import json

import pytest

from tests.chaos.costs import Sample, growths
from tests.chaos.judge import Seen
from tests.chaos.soak import as_json, problems
from tests.chaos.soak_run import SoakResult
from tests.lab.units import Cost

NOISE = (0, 120, -80, 40, -120, 60, 0, 100)


def soak(*, leak: int = 0, descriptors: int = 0) -> SoakResult:
    """Make eight samples of one process, leaking so many KiB and descriptors from one to the next."""
    samples: list[Sample] = [
        {"fallback/python3": Cost("python3", 17_000 + noise + leak * at, None, 12 + descriptors * at)}
        for at, noise in enumerate(NOISE)
    ]
    return SoakResult(
        disturbances={"leaves": 3},
        seen={"alpha": Seen(0, 120.0, 0)},
        samples=samples,
        offsets={"alpha": [10.0, -21.0]},
    )


def test_noise_is_no_growth() -> None:
    """A process whose memory goes up and down by a hundred KiB has not grown."""
    assert problems(soak()) == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (soak(leak=500), "fallback/python3: memory grew from 17310 to 20300 KiB"),
        (soak(descriptors=1), "fallback/python3: descriptors grew from 12.5 to 18.5"),
    ],
)
def test_growth_is_told_by_the_first_and_the_last_quarter(one: SoakResult, words: str) -> None:
    """Their medians are compared: two samples of eight each."""
    assert problems(one) == [words]


def test_every_failure_is_reported() -> None:
    """Lost connections, timestamps that went back, late sound, and sound that was not received."""
    one = soak()
    one.seen = {"alpha": Seen(1, 5000.0, 2), "beta": Seen(0, 90.0, 0)}
    one.offsets = {"alpha": [10.0, -61.0], "beta": []}
    assert problems(one) == [
        "alpha lost 1 connections",
        "alpha: 2 packets whose timestamp does not increase",
        "alpha: sound is 61 ms from its picture",
        "beta: no whole clap was received, so the A/V offset is unknown",
    ]


def test_a_process_that_is_sometimes_away_is_judged_by_the_rest() -> None:
    """A puller that is being restarted is missing in the samples of that time."""
    samples = [
        {"live/ffmpeg": Cost("ffmpeg", 30_000, 9_000, 8)},
        {},
        {"live/ffmpeg": Cost("ffmpeg", 30_100, 9_050, 8)},
    ]
    growth = growths(samples)["live/ffmpeg"]
    assert (growth.samples, growth.rss_start, growth.rss_end) == (2, 30_000, 30_100)
    assert (growth.pss_start, growth.pss_end) == (9_000, 9_050)
    assert growth.problems() == []


def test_the_report_has_the_figures_of_the_chaos_table() -> None:
    """It has the figures of each platform, and of each process at the start and at the end."""
    report = json.loads(as_json(soak(), [], server="srs", minutes=3, seed=1))
    assert report["ok"]
    assert report["platforms"]["alpha"] == {
        "connections_lost": 0,
        "gap_ms": 120.0,
        "non_monotonic": 0,
        "av_offset_ms": 21.0,
    }
    assert {"rss_start", "rss_end", "descriptors_start", "descriptors_end"} <= report["processes"][
        "fallback/python3"
    ].keys()
