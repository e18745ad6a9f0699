"""What `status --exit-code` exits with."""

from dataclasses import replace
from typing import Any

import pytest

from restream_agent.cli.status_exit import StatusExit, exit_code
from tests.unit.cli.test_status_view import RELAY, status

LIVE = status(twitch=RELAY)
REFUSED = status(twitch=replace(RELAY, state="refusing"))
OFF_AIR = replace(LIVE, state="off air", live=None)


def test_the_codes_are_what_scripts_compare() -> None:
    """They never change; 1 and 2 are those of every command."""
    assert {code.name: int(code) for code in StatusExit} == {
        "LIVE": 0, "OFF_AIR": 3, "FALLBACK": 4, "PLATFORM": 5, "NEEDS_HAND": 6,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("report", "code"),
    [
        (LIVE, 0),
        (OFF_AIR, 3),
        (replace(LIVE, state="fallback"), 4),
        (replace(LIVE, state="opening"), 4),
        (replace(LIVE, state="on air", live=None), 4),
        (REFUSED, 5),
        (replace(REFUSED, state="fallback", config="refused"), 5),
        (status(twitch=replace(RELAY, state="stalled")), 5),
        (status(twitch=replace(RELAY, state="stopped")), 0),
        (replace(LIVE, state="fallback", config="refused"), 4),
    ],
)
def test_the_worst_counts(report: Any, code: int) -> None:
    """A platform that gets nothing before a fallback that is shown."""
    assert exit_code([report]) == code


@pytest.mark.parametrize(
    "trouble",
    [
        {"config": "refused"},
        {"ingest": "down"},
        {"port": "down"},
        {"systemd": "refuses"},
        {"preparation": "failed"},
        {"failed_units": ("restream-notify.service",)},
    ],
    ids=str,
)
def test_what_needs_a_hand_counts_on_air_and_off_air(trouble: dict[str, Any]) -> None:
    """A script that looks before the show wants to know."""
    assert exit_code([replace(LIVE, **trouble)]) == exit_code([replace(OFF_AIR, **trouble)]) == 6


def test_of_several_channels_the_worst_counts() -> None:
    """As between the troubles of one."""
    assert exit_code([LIVE, OFF_AIR]) == 3
    assert exit_code([OFF_AIR, REFUSED, LIVE]) == 5
    assert exit_code([]) == 0
