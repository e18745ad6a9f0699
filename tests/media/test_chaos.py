"""A few quick faults through the driver of `make chaos`, so that it keeps working.

`make chaos` measures; here no milliseconds are asserted, because the machine may be busy.
"""

import os

import pytest

from tests.chaos.catalogue import named
from tests.chaos.drive import play_all
from tests.chaos.judge import Played
from tests.demo.screen import Screen
from tests.lab.servers import SERVERS

QUICK = ("relay-killed", "platform-resets", "program-killed-live", "agent-killed-in-hook", "hooks-doubled")
pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(os.geteuid() != 0, reason="a container needs root"),
]


@pytest.fixture(scope="module", params=SERVERS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Play all of them in one broadcast; on each ingest server."""
    journal = tmp_path_factory.mktemp("chaos") / "journal.txt"
    return {one.name: one for one in play_all(request.param, named(QUICK), journal, Screen())}


@pytest.mark.parametrize("name", QUICK)
def test_a_fault_heals_and_costs_nobody_else_anything(played: dict[str, Played], name: str) -> None:
    """The right state is reached without a hand on it; only what the fault concerns loses a connection."""
    one = played[name]
    assert one.healed, one.problems()
    spared = {name: seen for name, seen in one.platforms.items() if name not in one.concerns}
    assert dict.fromkeys(spared, 0) == {name: seen.connections_lost for name, seen in spared.items()}
    assert dict.fromkeys(one.platforms, 0) == {
        name: seen.non_monotonic for name, seen in one.platforms.items()
    }


def test_a_killed_relay_costs_its_platform_the_connection(played: dict[str, Played]) -> None:
    """The figures are figures: where a connection must be lost, one is counted."""
    seen = played["relay-killed"].platforms
    assert [name for name in seen if seen[name].connections_lost] == ["delta"]
