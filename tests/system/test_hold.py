"""The hold ends the broadcast in which it began, and no other, however fast events follow each other."""

import time
from collections.abc import Callable

import pytest

from tests.demo.install import HOLD_SECONDS, PUBLISH_URL
from tests.lab.obs import Encoder, Obs
from tests.system.installation import Installation, wait_kept

# The hold is the same on both servers; nginx-rtmp tells of the end of OBS at once.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

TIMER, TARGET = "restream-off-air.timer", "restream.target"
TRIES = 10
SMALL = Encoder(width=320, height=180, bitrate=300_000)
TICK = 5.5
"""Seconds in which the agent has looked once by itself."""


def live(installation: Installation) -> Obs:
    """Start OBS, and wait until it is live."""
    wait_kept(installation.container, installation.server)
    obs = Obs(installation.container, PUBLISH_URL, SMALL).start()
    installation.container.wait_until(lambda: installation.state() == "live", 20, "OBS to be live")
    return obs


def states(installation: Installation) -> tuple[str, str]:
    """Return the ActiveState of the target and of the hold's timer."""
    return installation.show(TARGET, "ActiveState"), installation.show(TIMER, "ActiveState")


def is_ending(installation: Installation) -> bool:
    """Tell whether the target waits to be stopped."""
    return installation.show(TARGET, "Job") not in ("", "0")


def test_off_air_right_after_obs_has_gone_leaves_no_hold_over(installation: Installation) -> None:
    """OBS is killed and off-air follows at once, ten times, with more or less time between the two."""
    for number in range(TRIES):
        obs = live(installation)
        obs.kill()
        time.sleep(0.05 * number)
        installation.product("off-air")
        assert installation.state() == "off air"
        time.sleep(1)
        assert states(installation) == ("inactive", "inactive"), f"try {number}"
    installation.product("on-air")
    time.sleep(HOLD_SECONDS + 2 * TICK)
    assert states(installation) == ("active", "inactive")
    obs = live(installation)
    time.sleep(HOLD_SECONDS + TICK)
    assert (obs.alive(), *states(installation)) == (True, "active", "inactive")
    obs.stop()
    installation.product("off-air")


def slow_relays(installation: Installation) -> Callable[[], None]:
    """Make the relays stop slowly, as forty of them do; return a function that undoes it."""
    container = installation.container
    drop_in = "/run/systemd/system/ffmpeg-relay@.service.d/slow.conf"
    container.write(drop_in, "[Service]\nExecStop=/bin/sleep 4\nTimeoutStopSec=20s\n")
    container.run(("systemctl", "daemon-reload"))

    def undo() -> None:
        container.run(("rm", drop_in))
        container.run(("systemctl", "daemon-reload"))

    return undo


def test_a_hold_that_is_asked_for_while_relays_stop_is_refused(installation: Installation) -> None:
    """It neither runs, nor cancels the end of the broadcast."""
    undo = slow_relays(installation)
    installation.product("on-air")
    container = installation.container
    ending = container.popen(("restream-agent", "off-air"))
    container.wait_until(lambda: is_ending(installation), 10, "the end to begin")
    gently = ("systemctl", "--no-block", "--job-mode=fail", "start", TIMER)
    assert container.run(gently, check=False).returncode != 0
    assert ending.wait(30) == 0
    assert states(installation) == ("inactive", "inactive")
    undo()


@pytest.mark.parametrize("pause", [0.0, 1.0, 3.0])
def test_a_publish_during_off_air_begins_the_next_broadcast(installation: Installation, pause: float) -> None:
    """OBS comes while the relays stop. It keeps its connection, and is live in the broadcast that follows."""
    undo = slow_relays(installation)
    installation.product("on-air")
    container = installation.container
    ending = container.popen(("restream-agent", "off-air"))
    container.wait_until(lambda: is_ending(installation), 10, "the end to begin")
    time.sleep(pause)
    obs = Obs(container, PUBLISH_URL, SMALL).start()
    assert ending.wait(30) == 0
    container.wait_until(lambda: installation.state() == "live", 20, "OBS to be live")
    time.sleep(TICK)
    assert (obs.alive(), installation.state(), *states(installation)) == (True, "live", "active", "inactive")
    installation.product("off-air")
    assert states(installation) == ("inactive", "inactive")
    time.sleep(TICK)
    assert installation.state() == "off air"
    obs.stop()
    undo()


def test_on_air_ends_a_hold(installation: Installation) -> None:
    """The fallback stays on air, for as long as nobody publishes and nobody ends it."""
    live(installation).stop()
    installation.container.wait_until(
        lambda: states(installation) == ("active", "active"), 2 * TICK, "the hold to begin"
    )
    installation.product("on-air")
    time.sleep(HOLD_SECONDS + TICK)
    assert states(installation) == ("active", "inactive")
    installation.product("off-air")
