"""The fallback follows what OBS sends, and what the operator wants."""

import json
import time
from typing import Any

import pytest

from tests.lab.measure import traffic
from tests.lab.obs import Encoder
from tests.media.conftest import Stage

pytestmark = pytest.mark.media

SMALL = Encoder(640, 360, 25, bitrate=800_000)


def test_the_second_hand_off_after_a_change_of_resolution_plays_a_matching_fallback(stage: Stage) -> None:
    """OBS changes to 640x360 at 25 fps; after its first drop and return the fallback is 640x360."""
    stage.drop(stage.publish())
    obs = stage.publish(SMALL)
    stage.drop(obs)
    obs = stage.publish(SMALL)
    stage.container.wait_until(
        lambda: stage.matches("640x360p25-high-48000x2"), 30, "a fallback that matches"
    )
    stage.drop(obs)
    stage.end()
    assert traffic([p.reader.published()[-1] for p in stage.platforms]).non_monotonic == 0


def test_a_break_by_hand_survives_a_reconnect_and_restarts_and_ends_by_hand(stage: Stage) -> None:
    """`fallback on` stays on through a new OBS, a killed program and a killed agent, until `fallback off`."""
    obs = stage.publish(SMALL)
    since = time.monotonic()
    stage.product("fallback", "on")
    stage.watcher.wait_for("fallback", since=since, timeout=10)
    for unit in ("fallback.service", "restream-agent.service"):
        stage.container.run(("systemctl", "kill", "-s", "KILL", unit))
    obs.stop()
    obs = type(obs)(stage.container, obs.url, SMALL).start()
    obs.wait_published()
    stage.container.wait_until(lambda: status(stage)["publisher"], 10, "the agent to see the publisher")
    stage.watcher.watch(4)
    assert (status(stage)["state"], status(stage)["held"]) == ("fallback", True)
    since = time.monotonic()
    stage.product("fallback", "off")
    stage.watcher.wait_for("live", since=since, timeout=10)
    obs.stop()
    stage.end()


def test_flapping_leaves_the_program_whole(stage: Stage) -> None:
    """OBS comes and goes ten times as fast as it can; the platforms' connections and clocks do not notice."""
    before = [len(platform.reader.update()) for platform in stage.platforms]
    obs = stage.publish(SMALL)
    for _ in range(10):
        obs.stop()
        obs = type(obs)(stage.container, obs.url, SMALL).start()
        obs.wait_published()
    since = time.monotonic()
    stage.watcher.wait_for("live", since=since, timeout=15)
    obs.stop()
    stage.end()
    for platform, count in zip(stage.platforms, before, strict=True):
        connections = platform.reader.update()[count:]
        assert (len(connections), traffic(connections).non_monotonic) == (1, 0)


def test_a_changed_hold_counts_from_the_start_of_the_fallback(stage: Stage) -> None:
    """Shortened during a fallback, the hold ends as if it had been so from the beginning."""
    toml = stage.container.read("/etc/restream-agent/restream.toml")
    stage.drop(stage.publish(SMALL))
    began = time.monotonic()
    stage.container.write("/etc/restream-agent/restream.toml", toml.replace('hold = "12s"', 'hold = "20s"'))
    stage.product("apply")
    left = status(stage)["hold_left"]
    assert left is not None
    assert left > 20 - (time.monotonic() - began) - 2
    stage.container.wait_until(lambda: status(stage)["state"] == "off air", 30, "the hold to run out")
    assert time.monotonic() - began > 17
    stage.container.write("/etc/restream-agent/restream.toml", toml)
    stage.product("apply")


def status(stage: Stage) -> dict[str, Any]:
    """Return what `restream-agent status --json` says."""
    found: dict[str, Any] = json.loads(stage.product("status", "--json"))
    return found
