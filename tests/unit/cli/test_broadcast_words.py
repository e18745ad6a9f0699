"""What on-air, off-air and fallback on|off say."""

from dataclasses import replace

import pytest

from restream_agent.cli.broadcast_words import break_begun, break_ended, off_air, on_air
from restream_agent.wire.status_report import PublisherStatus, StatusReport
from tests.unit.cli.test_status_view import status

SENDING = replace(status(), publisher=PublisherStatus("main", "192.0.2.1"), since=900.0)
AV1 = "OBS sends AV1, which SRS leaves out: set H.264"
UNSEEN = replace(
    SENDING,
    live=None if SENDING.live is None else replace(SENDING.live, video_codec="av1"),
    unplayable={"av1": AV1},
)
ALONE = replace(SENDING, state="fallback", publisher=None)
IN_HOLD = replace(ALONE, hold_left=870.0)


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (ALONE, "on air with the fallback, until OBS comes, or until restream-agent off-air es"),
        (None, "on air with the fallback, until OBS comes, or until restream-agent off-air es"),
        (SENDING, "on air with the fallback; OBS is sending and is shown from its next keyframe on"),
    ],
)
def test_on_air_says_what_ends_the_fallback(report: StatusReport | None, words: str) -> None:
    """OBS, which may be there already, or the operator."""
    assert on_air(report, " es", was_on_air=False, had_hold=False) == words


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (SENDING, "on air already: LIVE for 15min"),
        (ALONE, "on air already: FALLBACK for 15min; OBS is not connected"),
        (None, "on air already"),
    ],
)
def test_on_air_again_says_what_is_shown(report: StatusReport | None, words: str) -> None:
    """In the words of `status`."""
    assert on_air(report, "", was_on_air=True, had_hold=False) == words


def test_on_air_ends_a_hold() -> None:
    """The broadcast would have ended."""
    assert on_air(ALONE, "", was_on_air=True, had_hold=True) == (
        "the hold has ended: the fallback stays on air until OBS is back, or until restream-agent off-air"
    )


@pytest.mark.parametrize(
    ("report", "was_on_air", "words"),
    [
        (ALONE, True, "off air, until OBS comes, or until restream-agent on-air"),
        (None, True, "off air, until OBS comes, or until restream-agent on-air"),
        (ALONE, False, "off air already, until OBS comes, or until restream-agent on-air"),
        (
            SENDING,
            True,
            "off air; OBS is still sending: restream-agent on-air shows it, or its next start does",
        ),
    ],
)
def test_off_air_says_what_would_bring_it_back(
    report: StatusReport | None, was_on_air: bool, words: str
) -> None:
    """OBS that is still sending does not, until it starts anew."""
    assert off_air(report, "", was_on_air=was_on_air) == words


@pytest.mark.parametrize(
    ("report", "was_so", "words"),
    [
        (SENDING, False, "the fallback plays, until restream-agent fallback off"),
        (SENDING, True, "the fallback plays already, until restream-agent fallback off"),
        (None, False, "the fallback plays, until restream-agent fallback off"),
        (ALONE, False, "the fallback plays, until restream-agent fallback off; OBS is not connected"),
        (
            IN_HOLD,
            False,
            "the fallback plays, until restream-agent fallback off; OBS is not connected, "
            "off air in 14min 30s unless it comes back",
        ),
    ],
)
def test_a_break_says_how_long_it_lasts(report: StatusReport | None, was_so: bool, words: str) -> None:
    """The hold runs on in it."""
    assert break_begun(report, "", was_so=was_so) == words


@pytest.mark.parametrize(
    ("report", "was_so", "words"),
    [
        (SENDING, False, "the break is over: back to OBS from its next keyframe on"),
        (None, False, "the break is over: back to OBS from its next keyframe on"),
        (ALONE, False, "the break is over, and the fallback plays on; OBS is not connected"),
        (SENDING, True, "there was no break: LIVE for 15min"),
        (
            IN_HOLD,
            True,
            "there was no break: FALLBACK for 15min; OBS is not connected, "
            "off air in 14min 30s unless it comes back",
        ),
    ],
)
def test_the_end_of_a_break_says_what_is_shown(report: StatusReport | None, was_so: bool, words: str) -> None:
    """Not OBS, if that is not there."""
    assert break_ended(report, was_so=was_so) == words


def test_an_obs_that_cannot_be_shown_is_not_promised() -> None:
    """Its codec reaches no platform: with the sentence that `status` has for it."""
    assert on_air(UNSEEN, "", was_on_air=False, had_hold=False) == (
        f"on air with the fallback; OBS is sending, and cannot be shown: {AV1}"
    )
    assert break_ended(UNSEEN, was_so=False) == (
        f"the break is over, and the fallback plays on, OBS cannot be shown: {AV1}"
    )
