"""Relays that deliver and do not report, as ffmpeg 7 does after the clock was set back."""

import json
import time

import pytest

from restream_agent.agent.news_detector import FAILING_AFTER
from restream_agent.base.endpoints import PROGRESS
from tests.system.installation import Installation

# The relays are the same on both servers.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

PORT = PROGRESS.rpartition(":")[2]
DROP = f"""
table inet lab {{
    chain input {{
        type filter hook input priority 0;
        udp dport {PORT} drop
    }}
}}
"""


def relays(installation: Installation) -> dict[str, tuple[str, object]]:
    """Return the state and the bitrate of each relay, as `status` shows them."""
    shown = json.loads(installation.product("status", "--json"))["relays"]
    return {name: (relay["state"], relay["bitrate"]) for name, relay in shown.items()}


def has_reports(installation: Installation) -> bool:
    """Tell whether each relay has reported that something was delivered."""
    return all(state == "delivering" and bitrate for state, bitrate in relays(installation).values())


def test_reports_that_cease_alone_raise_no_alarm(installation: Installation) -> None:
    """Neither with the agent that has seen reports, nor with one that has not; the figures are unknown."""
    installation.on_air()
    container = installation.container
    container.wait_until(lambda: has_reports(installation), 20, "a report of each relay")
    container.run(("nft", "-f", "-"), input=DROP)
    time.sleep(FAILING_AFTER)
    silent = dict.fromkeys(("alpha", "beta"), ("delivering", None))
    assert relays(installation) == silent
    container.run(("systemctl", "restart", "restream-agent.service"))
    container.wait_until(lambda: relays(installation) == silent, 10, "the relays to be well")
    time.sleep(FAILING_AFTER)
    assert relays(installation) == silent
    container.run(("nft", "delete", "table", "inet", "lab"))
    installation.product("off-air")
