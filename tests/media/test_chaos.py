"""A few quick faults, played by the driver of `make chaos`.

`make chaos` measures. These tests assert no milliseconds, because the machine may be busy.
"""

import os

import pytest

from tests.chaos.catalogue import named
from tests.chaos.drive import play_all
from tests.chaos.judge import Played
from tests.demo.screen import Screen
from tests.lab.servers import SERVERS

QUICK = (
    "relay-killed",
    "platform-resets",
    "program-killed-live",
    "program-restarted-ten-times",
    "agent-killed-in-hook",
    "hooks-doubled",
)
pytestmark = [
    pytest.mark.media,
    pytest.mark.skipif(os.geteuid() != 0, reason="a container needs root"),
]


@pytest.fixture(scope="module", params=SERVERS)
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    """Play all quick faults in one broadcast, on each ingest server."""
    journal = tmp_path_factory.mktemp("chaos") / "journal.txt"
    return {result.name: result for result in play_all(request.param, named(QUICK), journal, Screen())}


@pytest.mark.parametrize("name", QUICK)
def test_a_fault_heals_and_costs_nobody_else_anything(played: dict[str, Played], name: str) -> None:
    """The end state is reached without help; only platforms that the fault concerns lose a connection."""
    result = played[name]
    assert (result.healed, result.complaints) == (True, ()), result.problems()
    spared = {name: seen for name, seen in result.platforms.items() if name not in result.concerns}
    assert dict.fromkeys(spared, 0) == {name: seen.connections_lost for name, seen in spared.items()}
    assert dict.fromkeys(result.platforms, 0) == {
        name: seen.non_monotonic for name, seen in result.platforms.items()
    }


def test_a_killed_relay_costs_its_platform_the_connection(played: dict[str, Played]) -> None:
    """A connection that must be lost is counted, so the figures can be trusted."""
    seen = played["relay-killed"].platforms
    assert [name for name in seen if seen[name].connections_lost] == ["delta"]
