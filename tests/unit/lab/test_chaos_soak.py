"""The verdict on a soak: growth is told from noise, and everything that broke is said."""

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
    """A process that goes up and down by a hundred KiB is as it was."""
    assert problems(soak()) == []


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (soak(leak=500), "fallback/python3: memory grew from 17310 to 20300 KiB"),
        (soak(descriptors=1), "fallback/python3: descriptors grew from 12.5 to 18.5"),
    ],
)
def test_growth_is_told_by_the_first_and_the_last_quarter(one: SoakResult, words: str) -> None:
    """By their medians: two samples of eight each."""
    assert problems(one) == [words]


def test_what_broke_is_said() -> None:
    """Lost connections, clocks that went back, sound that is late, and sound that was not found."""
    one = soak()
    one.seen = {"alpha": Seen(1, 5000.0, 2), "beta": Seen(0, 90.0, 0)}
    one.offsets = {"alpha": [10.0, -61.0], "beta": []}
    assert problems(one) == [
        "alpha lost 1 connections",
        "alpha: 2 packets not later than the one before",
        "alpha: sound is 61 ms from its picture",
        "beta: no clap was whole, so sound against picture is not known",
    ]


def test_a_process_that_is_sometimes_away_is_judged_by_the_rest() -> None:
    """A puller that is just being started again is in no sample of that moment."""
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
    """For each platform, and for each process what it held at the start and at the end."""
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
