"""Boots: with a slow agent OBS is live soon all the same; what a power cut has left is removed."""

import time

import pytest

from tests.demo.install import PUBLISH_URL
from tests.lab.obs import Encoder
from tests.lab.reconnecting import ReconnectingObs
from tests.system.installation import Installation

pytestmark = pytest.mark.system

SLOW = 5.0
"""Seconds that the agent needs to start, as on a small computer that boots."""

SOON = 15.0
"""Seconds within which OBS is live, once the agent runs."""


def sessions(obs: ReconnectingObs) -> int:
    """Return how many connections the server had accepted before the present one."""
    return obs.attempts - obs.refused - 1


def test_obs_is_live_soon_after_a_reboot_with_a_slow_agent(installation: Installation) -> None:
    """The ingest server waits until the agent keeps the stream, so OBS cannot publish into a lost one."""
    container = installation.container
    drop_in = "/etc/systemd/system/restream-agent.service.d/90-slow.conf"
    container.write(drop_in, f"[Service]\nExecStartPre=/bin/sleep {SLOW}\nTimeoutStartSec=60s\n")
    container.reboot()
    obs = ReconnectingObs(container, PUBLISH_URL, Encoder(width=320, height=180, bitrate=300_000))
    obs.come()
    try:
        container.wait_until(lambda: container.is_active("restream-agent.service"), 60, "the agent to run")
        container.wait_until(lambda: installation.state() == "live", SOON, "OBS to be live")
        thrown_out = sessions(obs)
        time.sleep(SOON)
        assert (installation.state(), sessions(obs)) == ("live", thrown_out)
        assert thrown_out <= 1
    finally:
        obs.close()
        container.run(("rm", drop_in))


def test_a_boot_removes_what_a_power_cut_has_left(installation: Installation) -> None:
    """Files that were being written, one with a key: nobody would ever miss them."""
    places = ("/var/lib/restream-agent/fallback", "/etc/restream-agent/credentials", "/etc/restream-agent")
    left = [f"{place}/.restream-left" for place in places]
    installation.container.run(("touch", *left))
    installation.container.reboot()
    assert installation.container.run(("ls", "-d", *left), check=False).stdout == ""
    assert "ingest" in installation.product("secret", "list")
