"""The log of hand-offs: how many, and how long no packet was sent."""

import json
from typing import Any

import pytest

from restream_agent.stream.hand_off import KINDS, HandOff, Source
from restream_agent.stream.hand_offs import BUCKETS, HandOffLog
from restream_agent.stream.tracks import Missing

OPENING = HandOff("opening", Source.LIVE, 900)
DROP = HandOff("drop", Source.FALLBACK, 5000)


def test_a_gap_is_from_the_last_packet_before_to_the_first_after() -> None:
    """The time of the decision does not matter."""
    log = HandOffLog(None)
    log.sent(OPENING, 1000)
    log.sent(OPENING, 4960)
    logged = log.sent(DROP, 5040)
    assert logged is not None
    assert (logged.hand_off, logged.gap) == (DROP, 80)
    assert log.sent(DROP, 5060) is None


def test_the_first_packet_of_a_broadcast_ends_no_silence() -> None:
    """The opening counts, without a gap."""
    log = HandOffLog(None)
    log.sent(OPENING, 1000)
    totals = log.totals["opening"]
    assert (totals.count, totals.gaps) == (1, 0)


def test_a_restarted_program_counts_its_own_silence() -> None:
    """Its first gap begins at the last packet of the process before."""
    log = HandOffLog(7000)
    logged = log.sent(HandOff("restart", Source.FALLBACK, 7300), 7400)
    assert logged is not None
    assert logged.gap == 400


def test_gaps_are_counted_by_size() -> None:
    """Cumulatively, as in Prometheus's histograms; a gap above the last bound is in no bucket."""
    log = HandOffLog(0)
    for number, gap in enumerate((40, 100, 1500, 9000)):
        log.sent(HandOff("drop", Source.FALLBACK, number), gap + time_of(log))
    totals = log.totals["drop"]
    assert dict(zip(BUCKETS, totals.within, strict=True)) == {
        50: 1, 100: 2, 200: 2, 500: 2, 1000: 2, 2000: 3, 5000: 3,
    }  # fmt: skip
    assert (totals.gaps, totals.total) == (4, 10_640)


def time_of(log: HandOffLog) -> int:
    """Return the sum of the gaps so far, which is when the last packet was sent."""
    return sum(totals.total for totals in log.totals.values())


def test_a_restarted_program_goes_on_counting() -> None:
    """With every kind from the beginning, at 0: a counter that appears with its first event hides it."""
    before, after = HandOffLog(None), HandOffLog(5100)
    assert {kind: totals.count for kind, totals in before.totals.items()} == dict.fromkeys(KINDS, 0)
    before.sent(OPENING, 1000)
    before.sent(DROP, 5040)
    after.resume(json.loads(json.dumps(before.dump())))
    after.sent(HandOff("restart", Source.FALLBACK, 5200), 5210)
    assert (after.totals["drop"], after.totals["restart"].count) == (before.totals["drop"], 1)
    assert [logged.hand_off.kind for logged in after.recent] == ["opening", "drop", "restart"]


@pytest.mark.parametrize("dumped", [None, {}, [], {"kinds": {}}, {"kinds": {"drop": 1}, "recent": []}])
def test_what_is_no_count_is_refused(dumped: Any) -> None:
    """Whole: nothing of it is taken."""
    log = HandOffLog(None)
    with pytest.raises((ValueError, KeyError, TypeError)):
        log.resume(dumped)
    assert log.totals == HandOffLog(None).totals


def test_stalls_are_counted_by_what_stopped() -> None:
    """That of the sound alone is no hand-off. A restarted program goes on counting."""
    before, after = HandOffLog(None), HandOffLog(None)
    for stalled in (Missing.PICTURE, Missing.ALL, Missing.ALL):
        before.sent(HandOff("stall", Source.FALLBACK, 5000, stalled), 5000)
    before.sound_stalled()
    counts = {Missing.PICTURE: 1, Missing.SOUND: 1, Missing.ALL: 2}
    assert before.stalls == counts
    after.resume(json.loads(json.dumps(before.dump())))
    assert after.stalls == counts
    assert [logged.hand_off.stalled for logged in after.recent] == ["picture", "all", "all"]


def test_counts_of_an_earlier_version_are_resumed() -> None:
    """It did not say what had stopped."""
    log = HandOffLog(None)
    log.sent(DROP, 5040)
    dumped = log.dump()
    del dumped["stalls"]
    dumped["recent"] = [each[:4] for each in dumped["recent"]]
    after = HandOffLog(None)
    after.resume(dumped)
    assert (list(after.recent), sum(after.stalls.values())) == (list(log.recent), 0)
