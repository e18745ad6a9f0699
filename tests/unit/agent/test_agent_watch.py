"""What the agent sees of relays, publishers and its own applies, and what it does about that."""

import pytest

from restream_agent.agent import agent
from tests.unit.agent.test_agent import OBS, Stage, go, stage

__all__ = ["stage"]


def test_a_running_hold_is_counted_down(stage: Stage) -> None:
    """From the timer's start on the monotonic clock; one that is over shows zero."""
    stage.machine.units = {"restream.target": "active", "restream-off-air.timer": "active"}
    go(stage.agent.tick)
    assert stage.agent.status().as_json()["hold_left"] == 0.0


def test_a_relay_that_stands_still_is_killed(stage: Stage) -> None:
    """The program runs, the unit is active, and its ffmpeg has said nothing for longer than `stall`."""
    stage.machine.units = {"restream.target": "active", "ffmpeg-relay@twitch.service": "active"}
    stage.telemetry.running_since = 0.0
    stage.telemetry.moved_at = float("inf")
    stage.telemetry.report = {"source": "live", "since": 0, "position": 0}
    go(stage.agent.tick)
    assert "kill ffmpeg-relay@twitch.service" in stage.machine.calls


@pytest.mark.parametrize(
    ("live", "dropped"), [({"connected": True}, []), ({"connected": False}, ["c1"]), ({}, ["c1"])]
)
def test_a_publisher_of_whom_nothing_ever_came_is_thrown_out(
    stage: Stage, live: dict[str, bool], dropped: list[str]
) -> None:
    """It is listed, and pulled for longer than `silence`, and the program has got no stream of it."""
    stage.server.listed = (OBS,)
    stage.machine.units = {"restream.target": "active", "live@main.service": "active"}
    stage.telemetry.report = {"source": "fallback", "since": 0, "live": live}
    stage.telemetry.received_at = float("inf")
    go(stage.agent.tick)
    assert stage.server.dropped == dropped


def test_a_stream_that_is_just_being_pulled_has_time(stage: Stage) -> None:
    """A unit that is not active yet bears the time of its last run."""
    stage.server.listed = (OBS,)
    stage.machine.units = {"restream.target": "active", "live@main.service": "activating"}
    stage.telemetry.report, stage.telemetry.received_at = {"source": "fallback", "since": 0}, float("inf")
    go(stage.agent.tick)
    assert stage.server.dropped == []


def test_an_apply_that_failed_is_known_by_its_run(stage: Stage) -> None:
    """So that it is told once."""
    stage.machine.units = {"restream-apply.service": "failed"}
    go(stage.agent.tick)
    assert stage.agent.status().as_json()["config"] == "refused"


def test_a_status_asked_for_often_is_not_a_look_each_time(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look younger than FRESH_LOOK is used again; systemd is not asked in a storm."""
    monkeypatch.setattr(agent, "FRESH_LOOK", 60.0)
    go(stage.agent.tick)
    stage.server.listed = None
    go(stage.agent.refresh)
    assert stage.agent.status().as_json()["ingest"] == "up"
