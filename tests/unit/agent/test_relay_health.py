"""How a relay is judged, from what systemd, the program and its ffmpeg say."""

from dataclasses import replace

import pytest

from restream_agent.agent.ffmpeg_progress import Progress, ProgressHistory
from restream_agent.agent.relay_health import SILENT, RelayState, RelayView
from restream_agent.systemd.unit_state import UnitState
from restream_agent.wire.attempts import GIVEN_UP, AttemptStatus
from tests.unit.agent.reports import relay

BEGAN, NOW, STALL = 100.0, 200.0, 20.0
RUNNING = UnitState(active="active", since=BEGAN)


def delivery(
    *, reported: float = NOW, advanced: float = NOW, moved: float = NOW, size: int = 100_000
) -> ProgressHistory:
    """Return reports of which the last came, and the last that showed progress, at these times."""
    return ProgressHistory(Progress(size, 30, 99.0), reported, advanced, moved)


WELL = RelayView(
    "twitch", NOW, unit=RUNNING, connection=relay(beginning=500, sent=1000), delivery=delivery(),
    taken_at=NOW, position=100_000.0, running_for=100.0,
)  # fmt: skip
UNREPORTED = replace(WELL, delivery=None, watched_since=NOW - 20)
LOST = delivery(reported=NOW - 9, advanced=NOW - 9)
FAILED = replace(RUNNING, words=AttemptStatus(5, 16.0).to_status())
FAILED_TWICE = replace(RUNNING, words=AttemptStatus(2, 2.0).to_status())


@pytest.mark.parametrize(
    ("view", "state"),
    [
        (WELL, RelayState.DELIVERING),
        (replace(WELL, delivery=delivery(advanced=NOW - SILENT - 1)), RelayState.STALLED),
        (replace(WELL, delivery=LOST, taken_at=NOW - 9), RelayState.STALLED),
        (replace(WELL, delivery=LOST), RelayState.DELIVERING),
        (replace(WELL, delivery=None), RelayState.STARTING),
        (replace(WELL, delivery=delivery(reported=BEGAN - 1, advanced=BEGAN - 1)), RelayState.STARTING),
        (replace(WELL, delivery=delivery(size=400)), RelayState.STARTING),
        # It was running before the agent, and does not report. It takes what the program sends, or does not.
        (replace(UNREPORTED, connection=relay(sent=100_000)), RelayState.DELIVERING),
        (replace(UNREPORTED, connection=relay(sent=100_000), taken_at=NOW - 9), RelayState.STALLED),
        (replace(UNREPORTED, connection=relay(sent=400)), RelayState.STARTING),
        (replace(UNREPORTED, connection=relay(sent=100_000), watched_since=BEGAN - 1), RelayState.STARTING),
        (replace(UNREPORTED, connection=None), RelayState.STARTING),
        (replace(WELL, delivery=None, unit=FAILED), RelayState.REFUSING),
        (replace(WELL, delivery=None, unit=replace(FAILED, active="activating")), RelayState.REFUSING),
        (replace(WELL, delivery=None, unit=FAILED_TWICE), RelayState.STARTING),
        (replace(WELL, unit=FAILED), RelayState.DELIVERING),
        (replace(WELL, unit=replace(FAILED, active="failed", exit_status=GIVEN_UP)), RelayState.GIVEN_UP),
        (replace(WELL, unit=replace(FAILED, active="failed")), RelayState.STOPPED),
        (replace(WELL, unit=UnitState()), RelayState.STOPPED),
        (replace(WELL, unit=UnitState(), is_on_air=False), RelayState.OFF),
    ],
)  # fmt: skip
def test_a_relay_is_in_one_of_these_states(view: RelayView, state: RelayState) -> None:
    """Delivering is what its own reports of this run say; what failed before it does not count then."""
    assert state == view.state


@pytest.mark.parametrize(
    ("view", "is_stuck"),
    [
        (WELL, False),
        # Reports go on, and nothing is delivered.
        (replace(WELL, delivery=delivery(advanced=NOW - STALL)), True),
        (replace(WELL, delivery=delivery(advanced=NOW - STALL + 1)), False),
        # Reports have ceased, and the program sees that nothing is taken: frozen, or stuck in a write.
        (replace(WELL, delivery=delivery(reported=NOW - 30, advanced=NOW - 30), taken_at=NOW - 30), True),
        # Reports have ceased, but it takes all: its datagrams are lost, it is not.
        (replace(WELL, delivery=delivery(reported=NOW - 30, advanced=NOW - 30), taken_at=NOW), False),
        # It never delivered anything.
        (replace(WELL, delivery=None, taken_at=None), True),
        (replace(WELL, delivery=None, taken_at=NOW - 1), False),
        # The program was silent itself until now, or the relay has only just begun.
        (replace(WELL, delivery=delivery(advanced=NOW - STALL), running_for=5.0), False),
        (replace(WELL, delivery=None, taken_at=None, unit=replace(RUNNING, since=NOW - 5)), False),
        # It has joined in a group without end: nothing can be given to it before the next keyframe.
        (replace(WELL, delivery=None, taken_at=None, lacked_at=NOW), False),
        (replace(WELL, delivery=delivery(advanced=NOW - 90), lacked_at=NOW - STALL + 1), False),
        (replace(WELL, delivery=delivery(advanced=NOW - 90), lacked_at=NOW - STALL), True),
        # It waits for its next attempt.
        (replace(WELL, delivery=None, taken_at=None, unit=replace(FAILED, active="activating")), False),
    ],
)
def test_a_relay_is_stuck_if_it_could_deliver_and_does_not(view: RelayView, *, is_stuck: bool) -> None:
    """For `relay.stall`; a restart of a relay that is well would cost its platform a connection."""
    assert view.is_stuck(STALL) is is_stuck


def test_the_delay_is_what_was_sent_less_what_was_delivered() -> None:
    """Both since the relay's first tag, at the time of the report; here 99.5 s and 99 s."""
    assert WELL.delay == pytest.approx(0.5)


def test_a_publisher_s_stream_that_comes_late_is_late_for_the_viewer() -> None:
    """However promptly the relay delivers what has come."""
    assert replace(WELL, late=12.5).delay == pytest.approx(13.0)


def test_the_age_of_a_connection_is_the_stream_on_it() -> None:
    """From its first tag; its end comes after 24.8 days."""
    old = replace(WELL, position=500 + 20 * 86_400_000.0)
    assert (WELL.age, WELL.ends_in) == (99.5, None)
    assert old.ends_in == pytest.approx(419_483, abs=1)
    assert replace(WELL, connection=None).age is None


@pytest.mark.parametrize(
    ("view", "is_settling"),
    [
        (WELL, False),
        (replace(WELL, now=BEGAN + 59, delivery=delivery(reported=BEGAN + 59, advanced=BEGAN + 59)), True),
        (replace(WELL, delivery=None), True),
        # A platform that refuses for days keeps no other relay from its renewal.
        (replace(WELL, delivery=None, unit=FAILED), False),
        (replace(WELL, unit=UnitState()), False),
    ],
)
def test_a_relay_settles_for_a_minute(view: RelayView, *, is_settling: bool) -> None:
    """Until then no other relay is renewed."""
    assert view.is_settling is is_settling


def test_an_old_report_does_not_look_like_delay() -> None:
    """Both went on since, at the same pace."""
    assert replace(WELL, now=NOW + 0.9, position=100_900.0).delay == pytest.approx(0.5)


def test_the_delay_of_a_relay_that_stands_still_grows() -> None:
    """When it reports no more, nothing goes on."""
    assert replace(WELL, now=NOW + 9, position=109_000.0).delay == pytest.approx(9.5)


@pytest.mark.parametrize(
    "view",
    [
        replace(WELL, connection=None),
        replace(WELL, delivery=LOST),  # which takes its data, and does not report
        replace(WELL, position=None),
        replace(WELL, delivery=delivery(moved=NOW - 9)),  # while its size goes on
    ],
)
def test_an_unknown_delay_is_none(view: RelayView) -> None:
    """Rather than a guess."""
    assert view.delay is None


def test_idle_counts_from_the_last_progress_of_this_run() -> None:
    """Or from its beginning."""
    assert replace(WELL, delivery=delivery(advanced=NOW - 7)).idle == 7
    assert replace(WELL, delivery=None, taken_at=None).idle == NOW - BEGAN


def test_rates_are_unknown_while_a_relay_takes_its_data_and_does_not_report() -> None:
    """Rather than 0; a relay that stands still has a rate of 0."""
    silent = replace(WELL, delivery=LOST)
    assert (silent.state, silent.rates.bitrate) == (RelayState.DELIVERING, None)
    assert replace(silent, taken_at=NOW - 9).rates.bitrate == 0
