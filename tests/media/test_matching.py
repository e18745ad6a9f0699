"""The fallback follows the format of OBS and the orders of the operator."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.lab.measure import traffic
from tests.lab.obs import Encoder
from tests.media.broadcast import CONVERTED_WITHIN, HOLD_SECONDS, MediaBroadcast

pytestmark = pytest.mark.media

SMALL = Encoder(640, 360, 25, bitrate=800_000)


def test_the_second_hand_off_after_a_change_of_resolution_plays_a_matching_fallback(
    broadcast: MediaBroadcast,
) -> None:
    """OBS changes to 640x360 at 25 fps; after its first drop and return the fallback is 640x360."""
    broadcast.drop(broadcast.publish())
    obs = broadcast.publish(SMALL)
    broadcast.drop(obs)
    obs = broadcast.publish(SMALL)
    broadcast.wait_matching("640x360p25-high-48000x2")
    broadcast.drop(obs)
    broadcast.end()
    assert traffic([p.reader.published()[-1] for p in broadcast.platforms]).non_monotonic == 0


def test_a_break_by_hand_survives_a_reconnect_and_restarts_and_ends_by_hand(
    broadcast: MediaBroadcast,
) -> None:
    """`fallback on` stays on through a new OBS, a killed program and a killed agent, until `fallback off`."""
    obs = broadcast.publish(SMALL)
    since = time.monotonic()
    broadcast.product("fallback", "on")
    broadcast.watcher.wait_for("fallback", since=since, timeout=10)
    for unit in ("fallback.service", "restream-agent.service"):
        broadcast.container.run(("systemctl", "kill", "-s", "KILL", unit))
    obs.stop()
    obs = type(obs)(broadcast.container, obs.url, SMALL).start()
    obs.wait_published()
    broadcast.container.wait_until(
        lambda: status(broadcast)["publisher"], 10, "the agent to see the publisher"
    )
    broadcast.watcher.watch(4)
    assert (status(broadcast)["state"], status(broadcast)["held"]) == ("fallback", True)
    since = time.monotonic()
    broadcast.product("fallback", "off")
    broadcast.watcher.wait_for("live", since=since, timeout=10)
    obs.stop()
    broadcast.end()


def test_flapping_leaves_the_program_whole(broadcast: MediaBroadcast) -> None:
    """OBS comes and goes ten times without a pause; the platforms keep connections and timestamps."""
    before = [len(platform.reader.update()) for platform in broadcast.platforms]
    obs = broadcast.publish(SMALL)
    for _ in range(10):
        obs.stop()
        obs = type(obs)(broadcast.container, obs.url, SMALL).start()
        obs.wait_published()
    since = time.monotonic()
    broadcast.watcher.wait_for("live", since=since, timeout=15)
    obs.stop()
    broadcast.end()
    for platform, count in zip(broadcast.platforms, before, strict=True):
        connections = platform.reader.update()[count:]
        assert (len(connections), traffic(connections).non_monotonic) == (1, 0)


def test_what_obs_sends_is_measured_for_check(broadcast: MediaBroadcast) -> None:
    """Size, rate, bitrate and keyframes of the last stream, some seconds after its publish."""
    directory = "/var/lib/restream-agent/fallback"
    broadcast.container.run(("rm", "-f", f"{directory}/last-live.json"))
    obs = broadcast.publish(replace(SMALL, keyframe=3))
    exists = ("test", "-s", f"{directory}/last-live.json")
    broadcast.container.wait_until(
        lambda: broadcast.container.run(exists, check=False).returncode == 0, CONVERTED_WITHIN, "the measures"
    )
    found = json.loads(broadcast.container.read(f"{directory}/last-live.json"))
    assert (found["width"], found["height"]) == (640, 360)
    assert 24 <= found["frame_rate"] <= 26
    assert 2.9 <= found["keyframe"] <= 3.1
    assert 500_000 < found["bitrate"] < 1_500_000
    obs.stop()
    broadcast.end()


def test_a_changed_hold_counts_from_the_start_of_the_fallback(broadcast: MediaBroadcast) -> None:
    """A hold that is shortened during a fallback ends as if it had had that length from the beginning."""
    toml = broadcast.container.read("/etc/restream-agent/restream.toml")
    live = broadcast.publish(SMALL)
    before = time.monotonic()
    broadcast.drop(live)
    broadcast.container.write(
        "/etc/restream-agent/restream.toml", toml.replace(f'hold = "{HOLD_SECONDS}s"', 'hold = "20s"')
    )
    broadcast.product("apply")
    left = status(broadcast)["hold_left"]
    assert left is not None
    assert 20 - (time.monotonic() - before) - 1 < left < 20
    broadcast.container.wait_until(lambda: status(broadcast)["state"] == "off air", 30, "the hold to run out")
    assert time.monotonic() - before > 19
    broadcast.container.write("/etc/restream-agent/restream.toml", toml)
    broadcast.product("apply")


def status(broadcast: MediaBroadcast) -> dict[str, Any]:
    """Return the output of `restream-agent status --json`."""
    found: dict[str, Any] = json.loads(broadcast.product("status", "--json"))
    return found
