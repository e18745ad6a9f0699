"""How the status puts what was found into words and JSON."""

from dataclasses import replace

import pytest

from restream_agent.decide import Observed, Publisher
from restream_agent.status import Status

ON_AIR = Observed(now=0.0, is_on_air=True)
LIVE = Status(
    observed=ON_AIR,
    publisher=Publisher("c1", "main", "192.0.2.1"),
    relays=("twitch", "youtube"),
    units={"ffmpeg-relay@twitch.service": "active", "ffmpeg-relay@youtube.service": "activating"},
    program={
        "source": "live", "since": 61_234, "cause": "return", "held": False, "live": {"bitrate": 3_000_000},
        "relays": {"twitch": {"sent": 1000, "behind": 0, "queued": 0, "skipped": 0}},
    },
    source="live",
)  # fmt: skip


@pytest.mark.parametrize(
    ("source", "is_on_air", "state"),
    [
        ("live", True, "live"),
        ("fallback", True, "fallback"),
        ("none", True, "opening"),
        (None, True, "on air"),
        ("live", False, "off air"),
    ],
)
def test_states_have_the_names_of_the_design(source: str | None, is_on_air: bool, state: str) -> None:
    """What systemd says of the target goes before what the program last said of itself."""
    assert replace(LIVE, source=source, observed=replace(ON_AIR, is_on_air=is_on_air)).state == state


def test_live_names_the_address() -> None:
    """systemctl status shows whose stream it is."""
    assert LIVE.words() == "live from 192.0.2.1"


def test_a_hold_says_when_it_ends() -> None:
    """In systemd's own spelling of time spans."""
    assert replace(LIVE, source="fallback", hold_left=90.4).words() == "fallback, off air in 1min 30s"


def test_json_carries_units_and_what_the_program_says_of_each_relay() -> None:
    """A relay that the program does not list is not connected."""
    found = LIVE.as_json()
    assert (found["state"], found["since"], found["cause"]) == ("live", 61.2, "return")
    assert found["publisher"] == {"stream": "main", "address": "192.0.2.1"}
    assert {name: (one["unit"], one["connected"]) for name, one in found["relays"].items()} == {
        "twitch": ("active", True),
        "youtube": ("activating", False),
    }
    assert found["relays"]["twitch"]["sent"] == 1000


def test_an_old_report_of_the_program_is_not_shown_as_new() -> None:
    """A program that has fallen silent has no source, no time in it, and no connected relay."""
    found = replace(LIVE, source=None).as_json()
    assert (found["state"], found["since"], found["cause"]) == ("on air", None, None)
    assert not any(one["connected"] for one in found["relays"].values())


def test_a_server_that_does_not_answer_is_down() -> None:
    """None is not the empty list."""
    assert replace(LIVE, observed=replace(ON_AIR, publishers=None)).as_json()["ingest"] == "down"
