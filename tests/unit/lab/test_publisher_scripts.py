"""Scripts do what their names say: what the network and the clock do to a publisher's tracks."""

from dataclasses import replace
from functools import partial

import pytest

from tests.lab.rtmp import AUDIO, VIDEO
from tests.publishers import reception, scripts
from tests.unit.lab.takes import KEYFRAME, PICTURES, script_of


def test_the_network_changes_arrivals_and_no_timestamp() -> None:
    """Late, clumped, in bursts, held, slowed: what was true and how it is stamped stay."""
    steps = script_of()
    truth = {(step.kind, step.timestamp, step.moment) for step in steps}
    changes = (
        partial(scripts.later, kind=VIDEO, late=0.5),
        partial(scripts.clumped, kind=AUDIO, frames=16),
        partial(scripts.burst, seconds=0.5),
        partial(scripts.held, start=2, end=3),
        partial(scripts.slowed, start=2, end=4, rate=0.5),
    )
    for change in changes:
        changed = change(steps)
        assert {(step.kind, step.timestamp, step.moment) for step in changed} == truth
        assert [step.at for step in changed] == sorted(step.at for step in changed)
        assert all(step.at >= step.moment / 1000 - 1e-9 for step in changed)


def test_bursts_come_at_their_ends() -> None:
    """Half a second of both tracks at once."""
    assert {step.at for step in scripts.burst(script_of(2), 0.5) if scripts.is_coded(step)} == {
        0.5, 1.0, 1.5, 2.0,
    }  # fmt: skip


def test_a_clump_comes_when_its_last_frame_is_true() -> None:
    """16 frames of 20 ms."""
    steps = scripts.clumped(script_of(2), AUDIO, 16)
    first = [step.at for step in steps if step.kind == AUDIO and scripts.is_coded(step)][:17]
    assert first == [pytest.approx(0.3)] * 16 + [pytest.approx(0.62)]


def test_a_slow_uplink_is_late_for_good() -> None:
    """Two seconds at half the rate make everything after them two seconds late."""
    steps = scripts.slowed(script_of(), 2, 4, 0.5)
    late = {step.moment: step.at - step.moment / 1000 for step in steps}
    assert [late[1000], late[3000], late[6000]] == pytest.approx([0, 1, 2])


def test_a_second_track_is_ordered_as_obs_orders_it() -> None:
    """Header 1, header 2, the picture's header; then each frame of sound twice."""
    steps = scripts.second_track(script_of(1))
    heads = [(step.kind, step.body[:2]) for step in steps[:3]]
    assert heads == [(AUDIO, b"\xaf\x00"), (AUDIO, b"\x95\x00"), (VIDEO, b"\x17\x00")]
    assert sum(map(scripts.is_extra, steps)) == 1 + 50
    assert len(reception.sent_frames([(steps, [0.0] * len(steps))]).frames) == 50 + 25


def test_pictures_are_filled_with_what_decoders_skip() -> None:
    """Filler units bring each picture to its size."""
    take = scripts.heavier(PICTURES, 1000, 100)
    assert [len(body) for body in take.frames] == [1000, 100, 100, 100]


def test_an_endless_group_has_one_keyframe() -> None:
    """The others are called ordinary pictures."""
    take = scripts.endless(replace(PICTURES, frames=(KEYFRAME, KEYFRAME)))
    assert [body[0] for body in take.frames] == [0x17, 0x27]
