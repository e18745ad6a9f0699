"""The ingest server's API does not answer, while OBS goes on sending."""

import json

import pytest

from tests.demo.install import PUBLISH_URL
from tests.lab.network import TABLE
from tests.lab.obs import Encoder, Obs
from tests.system.installation import Installation, wait_kept

pytestmark = pytest.mark.system

API = 1985
LONG = 16.0
"""Seconds without an answer: the agent waits for 10 s, and looks every 5 s."""


def test_a_break_goes_on_without_the_api(installation: Installation) -> None:
    """`fallback on`, then no answer for longer than the agent waits: the hold does not begin, OBS returns."""
    container = installation.container
    wait_kept(container, installation.server)
    obs = Obs(container, PUBLISH_URL, Encoder(width=320, height=180, bitrate=300_000)).start()
    container.wait_until(lambda: installation.state() == "live", 20, "OBS to be live")
    installation.product("fallback", "on")
    container.wait_until(lambda: installation.state() == "fallback", 10, "the break")
    block = f"add rule inet lab cut tcp dport {API} drop"
    container.run(("nft", "-f", "-"), input=f"{TABLE}\n{block}\n")
    container.run(("sleep", str(LONG)))
    status = json.loads(installation.product("status", "--json"))
    assert (status["ingest"], status["state"], status["hold_left"]) == ("down", "fallback", None)
    container.run(("nft", "-f", "-"), input=TABLE)
    installation.product("fallback", "off")
    container.wait_until(lambda: installation.state() == "live", 15, "OBS to be back")
    obs.stop()
    wait_kept(container, installation.server)
    installation.product("off-air")
