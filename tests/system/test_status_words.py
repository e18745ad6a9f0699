"""What `restream-agent status` says of a real installation: what the channel waits for, what to do."""

import json
from functools import partial
from typing import Any

import pytest

from tests.demo.install import PUBLISH_URL, _install_wheel
from tests.lab.container import Container
from tests.lab.obs import Encoder, Obs
from tests.system.conftest import KEY
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

SMALL = Encoder(width=320, height=180, bitrate=300_000)


def first_line(installation: Installation) -> str:
    """Return the line of the channel."""
    return installation.product("status").splitlines()[0]


def is_said(installation: Installation, words: str) -> bool:
    """Tell whether words are in the status."""
    return words in installation.product("status")


def field(installation: Installation, name: str) -> Any:
    """Return a field of the JSON."""
    return json.loads(installation.product("status", "--json"))[name]


def test_before_set_up_each_command_says_the_next_step() -> None:
    """Not that a broadcast goes on without the agent, and no path that does not exist; as root and not."""
    with Container() as container:
        _install_wheel(container)
        installation = Installation(container, "nginx-rtmp", {})
        for command in (("status",), ("on-air",), ("off-air",), ("fallback", "on")):
            assert "not set up on this machine yet" in installation.product(*command, code=1)
        as_user = container.run(("/usr/local/bin/restream-agent", "init"), user="nobody", check=False)
        assert ("Traceback" in as_user.stderr, "init has to be root" in as_user.stderr) == (False, True)
        installation.product("init")
        assert "has not been applied yet" in installation.product("on-air", code=1)


def test_off_air_says_what_it_waits_for(applied: Installation) -> None:
    """OBS; or the operator, while OBS sends on after `off-air`. The time counts from the end."""
    assert first_line(applied).endswith("waiting for OBS at rtmp://HOST:1935/live")
    obs = Obs(applied.container, PUBLISH_URL, SMALL).start()
    applied.container.wait_until(lambda: applied.state() == "live", 20, "OBS to be live")
    applied.container.run(("sleep", "4"))
    applied.product("off-air")
    assert applied.state() == "off air"
    assert field(applied, "since") < 4
    words = "OBS is sending: restream-agent on-air shows it"
    applied.container.wait_until(lambda: first_line(applied).endswith(words), 10, words)
    applied.product("on-air")
    applied.container.wait_until(lambda: applied.state() == "live", 20, "OBS to be live again")
    obs.stop()
    applied.product("off-air")


def test_a_refused_publisher_is_shown(applied: Installation) -> None:
    """With its reason and address, and without the key."""
    obs = Obs(applied.container, PUBLISH_URL.replace(KEY, "wr0ng"), SMALL).start()
    words = "ago: wrong key, from 127.0.0.1"
    applied.container.wait_until(lambda: words in applied.product("status"), 10, words)
    obs.kill()
    refusal = field(applied, "refusal")
    assert (refusal["reason"], refusal["address"]) == ("wrong key", "127.0.0.1")
    assert "wr0ng" not in applied.product("status", "--json")


def test_a_refused_edit_is_shown_with_its_line(applied: Installation) -> None:
    """The unit's STATUS= outlives its failure, and a good edit ends it."""
    good = applied.container.read(TOML)
    bad = good.replace("[fallback]\n", "[fallback]\nholdd = 1\n")
    line = bad.splitlines().index("holdd = 1") + 1
    applied.edit(bad, succeeds=False)
    words = f"last edit not applied: restream.toml:{line}:1: fallback.holdd: "
    applied.container.wait_until(lambda: words in applied.product("status"), 10, words)
    applied.container.write(TOML, good)
    applied.product("apply")
    applied.container.wait_until(lambda: field(applied, "config") == "ok", 10, "the edit to be forgotten")


def test_a_platform_that_refuses_says_what_to_check(applied: Installation) -> None:
    """Nobody serves the platform: after three attempts the next one and the credential are named."""
    applied.product("on-air")
    remedy = "wrong key? (restream-agent secret set club)"
    for words in (remedy, "times, next try in "):
        applied.container.wait_until(partial(is_said, applied, words), 40, words)
    applied.product("off-air")
