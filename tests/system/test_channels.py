"""Three channels on one server: each is a broadcast of its own, and none reaches into another."""

import json
import random
import string
from functools import partial

import pytest

from tests.chaos.channels import url_of
from tests.demo.install import ETC
from tests.system.installation import SETTLED, changed
from tests.system.three_channels import OBS, PLATFORMS, Channels, channels

__all__ = ["channels"]

pytestmark = pytest.mark.system

TRIES = 1000
HOOK = "http://127.0.0.1:8085/api/on_publish?token="
GUESSES = """
import json, sys, urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor
url, guesses = sys.argv[1], json.load(sys.stdin)
def answer(guess):
    stream, key = guess
    body = {"action": "on_publish", "client_id": "guess", "ip": "203.0.113.9", "app": "live",
            "stream": stream, "param": f"?key={key}"}
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        return urllib.request.urlopen(request, timeout=60).status
    except urllib.error.HTTPError as error:
        return error.code
with ThreadPoolExecutor(200) as pool:
    print(json.dumps(list(pool.map(answer, guesses))))
"""


def test_each_channel_reaches_its_own_platforms_alone(channels: Channels) -> None:
    """In its own size: nobody gets another channel's picture."""
    installation = channels.installation
    installation.wait_on_air(name for each in PLATFORMS.values() for name in each)
    for channel, encoder in OBS.items():
        live = channels.status(channel)["live"]
        assert isinstance(live, dict)
        assert (live["width"], live["height"]) == (encoder.width, encoder.height), channel
        relays = channels.status(channel)["relays"]
        assert isinstance(relays, dict)
        assert tuple(sorted(relays)) == tuple(sorted(PLATFORMS[channel]))


def test_a_command_for_one_channel_touches_no_other(channels: Channels) -> None:
    """A break, its end: the units of the other channels run on."""
    before = channels.installation.runs()
    channels.installation.product("fallback", "on", "es")
    channels.wait(es="fallback")
    channels.installation.product("fallback", "off", "es")
    channels.wait()
    assert changed(before, channels.installation.runs()) == {}


def test_an_edit_of_one_channel_restarts_that_channel_s_relay_alone(channels: Channels) -> None:
    """And the agent, which reads its settings anew."""
    installation = channels.installation
    before, text = installation.runs(), installation.toml
    name = "alpha"
    begin = text.index(f"[channels.es.platforms.{name}]")
    installation.edit(
        text[:begin] + text[begin:].replace('url = "rtmp://127.0.0.1', 'url = "rtmp://localhost', 1)
    )
    changes = changed(before, installation.runs())
    changes.pop("restream-agent.service", None)
    assert changes == {"ffmpeg-relay@es.alpha.service": "restarted"}
    installation.edit(text)
    channels.wait()


def test_a_channel_is_removed_and_added_on_air(channels: Channels) -> None:
    """Its own units end and begin; those of the others run on."""
    installation = channels.installation
    before, text = installation.runs(), installation.toml
    kept = {unit for unit in before if "@en" not in unit and unit != "restream-agent.service"}
    begin = text.index("[channels.en]")
    installation.edit(text[:begin])
    installation.container.wait_until(
        lambda: not [unit for unit in installation.runs() if "@en" in unit], SETTLED, "the channel to end"
    )
    gone = installation.runs()
    assert {unit for unit in kept if before[unit] != gone.get(unit)} == set()
    installation.edit(text)
    channels.wait()
    after = installation.runs()
    assert {unit for unit in kept if before[unit] != after.get(unit)} == set()


def test_no_key_opens_another_channel(channels: Channels) -> None:
    """A thousand names and keys, among them each key at each other channel's name: all are refused."""
    installation, dice = channels.installation, random.Random(12)
    word = partial(dice.choices, string.ascii_lowercase + string.digits)
    keys = {channel: url_of(channel).rpartition("=")[2] for channel in OBS}
    guesses = [(name, key) for name in OBS for channel, key in keys.items() if channel != name]
    guesses += [("".join(word(k=5)), keys[channel]) for channel in ("es", "en")]
    while len(guesses) < TRIES:
        guesses.append((dice.choice([*OBS, "".join(word(k=6))]), "".join(word(k=12))))
    before, states = installation.runs(), channels.states()
    token = installation.container.read(f"{ETC}/hook-token").strip()
    script = ("python3", "-c", GUESSES, HOOK + token)
    done = installation.container.run(script, input=json.dumps(guesses), timeout=300)
    assert json.loads(done.stdout) == [403] * TRIES
    assert (installation.runs(), channels.states()) == (before, states)
    refusal = channels.status("main")["refusal"]
    assert isinstance(refusal, dict)
    shown = json.dumps(refusal) + "\n".join(installation.words("restream-agent", lines=3000))
    assert not [key for key in keys.values() if key in shown]


def test_a_key_that_is_missing_keeps_no_other_channel_closed(channels: Channels) -> None:
    """systemd starts no unit without a credential's file; the agent starts, and says what is missing."""
    installation = channels.installation
    path = f"{ETC}/credentials/es"
    key = installation.container.read(path)
    installation.container.run(("rm", path))
    try:
        installation.container.run(("systemctl", "restart", "restream-agent"))
        channels.wait()
        assert [line for line in installation.words("restream-agent") if "key of the channel es" in line]
    finally:
        installation.container.write(path, key, mode=0o600)
        installation.container.run(("systemctl", "restart", "restream-agent"))
    channels.wait()


def test_off_air_ends_one_channel(channels: Channels) -> None:
    """The last of these tests: es goes off air, and the others stay."""
    before = channels.installation.runs()
    channels.installation.product("off-air", "es")
    channels.wait(es="off air")
    left = {unit: run for unit, run in channels.installation.runs().items() if "@es" not in unit}
    assert left == {unit: run for unit, run in before.items() if "@es" not in unit}
