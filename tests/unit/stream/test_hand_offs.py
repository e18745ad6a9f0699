"""What each hand-off cost, as the program counts it."""

import json
from typing import Any

import pytest

from restream_agent.stream.hand_offs import BUCKETS, HandOffLog
from restream_agent.stream.splice import KINDS, HandOff, Source

OPENING = HandOff("opening", Source.LIVE, 900)
DROP = HandOff("drop", Source.FALLBACK, 5000)


def test_a_gap_is_from_the_last_packet_before_to_the_first_after() -> None:
    """Whenever the hand-off was decided."""
    ledger = HandOffLog(None)
    ledger.sent(OPENING, 1000)
    ledger.sent(OPENING, 4960)
    noted = ledger.sent(DROP, 5040)
    assert noted is not None
    assert (noted.change, noted.gap) == (DROP, 80)
    assert ledger.sent(DROP, 5060) is None


def test_the_first_packet_of_a_broadcast_ends_no_silence() -> None:
    """The opening counts, without a gap."""
    ledger = HandOffLog(None)
    ledger.sent(OPENING, 1000)
    tally = ledger.tallies["opening"]
    assert (tally.count, tally.gaps) == (1, 0)


def test_a_restarted_program_counts_its_own_silence() -> None:
    """From the last packet of the one before."""
    ledger = HandOffLog(7000)
    noted = ledger.sent(HandOff("restart", Source.FALLBACK, 7300), 7400)
    assert noted is not None
    assert noted.gap == 400


def test_gaps_are_counted_by_size() -> None:
    """Cumulative, as Prometheus's histograms are; above the last bucket only in all."""
    ledger = HandOffLog(0)
    for number, gap in enumerate((40, 100, 1500, 9000)):
        ledger.sent(HandOff("drop", Source.FALLBACK, number), gap + ledger_time(ledger))
    tally = ledger.tallies["drop"]
    assert dict(zip(BUCKETS, tally.within, strict=True)) == {
        50: 1, 100: 2, 200: 2, 500: 2, 1000: 2, 2000: 3, 5000: 3,
    }  # fmt: skip
    assert (tally.gaps, tally.total) == (4, 10_640)


def ledger_time(ledger: HandOffLog) -> int:
    """Return the sum of the gaps so far, which is when the last packet was sent."""
    return sum(tally.total for tally in ledger.tallies.values())


def test_a_restarted_program_goes_on_counting() -> None:
    """With every kind from the beginning, at 0: a counter that appears with its first event hides it."""
    before, after = HandOffLog(None), HandOffLog(5100)
    assert {kind: tally.count for kind, tally in before.tallies.items()} == dict.fromkeys(KINDS, 0)
    before.sent(OPENING, 1000)
    before.sent(DROP, 5040)
    after.resume(json.loads(json.dumps(before.dump())))
    after.sent(HandOff("restart", Source.FALLBACK, 5200), 5210)
    assert (after.tallies["drop"], after.tallies["restart"].count) == (before.tallies["drop"], 1)
    assert [noted.change.kind for noted in after.recent] == ["opening", "drop", "restart"]


@pytest.mark.parametrize("dumped", [None, {}, [], {"kinds": {}}, {"kinds": {"drop": 1}, "recent": []}])
def test_what_is_no_count_is_refused(dumped: Any) -> None:
    """Whole: nothing of it is taken."""
    ledger = HandOffLog(None)
    with pytest.raises((ValueError, KeyError, TypeError)):
        ledger.resume(dumped)
    assert ledger.tallies == HandOffLog(None).tallies
