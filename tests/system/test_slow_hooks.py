"""Hooks that are answered late, as by a slow machine: the publisher's stream is there all the same."""

import pytest

from tests.demo.install import PUBLISH_URL
from tests.lab.obs import Encoder, Obs
from tests.system.installation import Installation, wait_kept

pytestmark = pytest.mark.system

LATE = 4.0
"""Seconds. SRS forgets what nobody publishes or plays every 3 s, so nothing stays by luck."""

THROWN_OUT = 8.0
"""Seconds, after which the agent throws out a publisher whose stream SRS has lost."""


def test_a_publish_is_not_lost_while_its_hook_waits(installation: Installation) -> None:
    """The agent is stopped while OBS connects. The same connection is live once it goes on, and stays."""
    container = installation.container
    wait_kept(container, installation.server)
    signal = ("systemctl", "kill", "--kill-who=main", "restream-agent.service", "-s")
    container.run((*signal, "STOP"))
    obs = Obs(container, PUBLISH_URL, Encoder(width=320, height=180, bitrate=300_000)).start()
    container.run(("sleep", str(LATE)))
    container.run((*signal, "CONT"))
    container.wait_until(lambda: installation.state() == "live", THROWN_OUT, "the stream to be live")
    container.run(("sleep", str(THROWN_OUT)))
    assert (obs.alive(), installation.state()) == (True, "live")
    obs.stop()
    wait_kept(container, installation.server)
