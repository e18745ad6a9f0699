"""A few quick cases of `make publishers`, one of a kind.

`make publishers` measures. These tests assert no milliseconds, because the machine may be busy.
"""

import os

import pytest

from tests.demo.screen import Screen
from tests.lab.servers import SERVERS
from tests.publishers.catalogue import chosen
from tests.publishers.drive import play_all
from tests.publishers.judge import CasePlayed

QUICK = ("ordinary", "sound-in-clumps", "second-track", "timestamps-leap-to-0", "rotated", "lane-33")
pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(os.geteuid() != 0, reason="a container needs root"),
]


@pytest.fixture(scope="module", params=SERVERS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, CasePlayed]:
    """Play all quick cases in one container, on each ingest server."""
    journal = tmp_path_factory.mktemp("publishers") / "journal.txt"
    return {one.name: one for one in play_all(request.param, chosen(QUICK), journal, Screen())}


@pytest.mark.parametrize("name", QUICK)
def test_what_a_publisher_sends_reaches_the_platform(played: dict[str, CasePlayed], name: str) -> None:
    """One connection, live alone, both tracks, nothing missing or out of order, nothing to complain about."""
    one, got = played[name], played[name].first
    assert (one.complaints, one.cut_off) == ((), "")
    assert (got.connections, got.sources, got.non_monotonic, got.decode_messages) == (1, ("live",), 0, ())
    assert got.missing == {"picture": 0, "sound": 0}
    assert got.lacking == {"picture": 0, "sound": 0}
    assert got.sync_ms is not None
    assert abs(got.sync_ms) <= 60  # of timestamps, not of arrivals


def test_a_relay_that_joins_has_both_tracks(played: dict[str, CasePlayed]) -> None:
    """It is given what is needed for the first picture."""
    joined = played["ordinary"].joined
    assert joined is not None
    assert "live" in joined.sources
    assert joined.lacking == {"picture": 0, "sound": 0}
