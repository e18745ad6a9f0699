"""Which key opens which channel, at the agent's door."""

import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from restream_agent.agent import http
from restream_agent.agent.credentials import HookCredentials
from restream_agent.agent.refusals import KEY_ALONE
from restream_agent.base.channel_keys import api_key, play_key
from tests.unit.agent.test_http import FORM, TOKEN, FakeAgent, HookClient, body, post

KEYS = {"main": "k3y-of-main", "es": "k3y-of-es", "en": "k3y-of-en"}
OTHERS = {name: key for name, key in KEYS.items() if name != "main"}
ADDRESS = "192.0.2.7"


@pytest.fixture
def agent() -> FakeAgent:
    """Return an agent that accepts every publisher whose key is right."""
    return FakeAgent()


@pytest.fixture
def client(agent: FakeAgent, monkeypatch: pytest.MonkeyPatch) -> HookClient:
    """Return a client of an agent with three channels; wrong keys need not wait."""
    monkeypatch.setattr(http, "MOST_WAITING", 0)
    return HookClient(agent, HookCredentials(TOKEN, KEYS["main"], OTHERS))


def nginx(stream: str, key: str) -> dict[str, Any]:
    """Return a hook of nginx-rtmp."""
    url = "rtmp%3A%2F%2Fhost%2Flive"
    form = f"app=live&tcurl={url}&addr={ADDRESS}&clientid=1&call=publish&name={stream}&key={key}"
    return {"content": form, "headers": {"content-type": FORM}}


def srs(stream: str, key: str) -> dict[str, Any]:
    """Return a hook of SRS."""
    return {"json": body(stream=stream, param=f"?key={key}")}


@pytest.mark.parametrize("hook", [srs, nginx])
@pytest.mark.parametrize("stream", ["main", "es", "en", "other"])
@pytest.mark.parametrize("channel", KEYS)
def test_a_key_opens_its_own_channel_alone(
    client: HookClient,
    agent: FakeAgent,
    caplog: pytest.LogCaptureFixture,
    hook: Callable[[str, str], dict[str, Any]],
    stream: str,
    channel: str,
) -> None:
    """The right key of another channel is a wrong key, with the line of wrong keys."""
    is_right = channel == ("main" if stream == "other" else stream)
    assert post(client, **hook(stream, KEYS[channel])) == (200 if is_right else 403)
    assert len(agent.heard) == is_right
    if not is_right:
        assert f"publish refused: wrong key from {ADDRESS}" in caplog.messages
        assert ("channels: main, es, en" in caplog.text) is (stream == "other")


def test_a_thousand_random_names_and_keys_open_nothing(client: HookClient, agent: FakeAgent) -> None:
    """Names of channels and others, with random keys and with keys of other channels."""
    chance = random.Random(12)
    letters = string.ascii_letters + string.digits + "-_."
    refused = 0
    for _ in range(1000):
        word = "".join(chance.choices(letters, k=chance.randint(1, 16)))
        stream = chance.choice([*KEYS, word, word.lower()])
        right = KEYS.get(stream, KEYS["main"])
        key = chance.choice([*KEYS.values(), word, stream, right[:-1], f"{right}x", right.upper(), ""])
        if key != right:
            refused += 1
            assert post(client, **chance.choice((srs, nginx))(stream, key)) == 403
    assert refused > 800
    assert agent.heard == []
    assert len(agent.refused) == refused


def test_an_unknown_name_without_the_key_is_told_which_channels_exist(
    client: HookClient, agent: FakeAgent
) -> None:
    """In the line and in the status; for a channel's name there is nothing to tell."""
    post(client, **srs("espana", "wrong"))
    post(client, **srs("es", "wrong"))
    remedies = [(refusal.reason, refusal.remedy) for refusal, _ in agent.refused]
    assert remedies == [("wrong key", "channels: main, es, en"), ("wrong key", "")]


def test_who_forgets_the_key_is_told_the_stream_key_of_the_channel(
    client: HookClient, agent: FakeAgent
) -> None:
    """And not that of main."""
    post(client, json=body(stream="es", param=""))
    ((refusal, _),) = agent.refused
    assert "the stream key es?key=KEY" in refusal.remedy


def test_the_key_of_a_channel_as_a_name_does_not_open_main_either_where_main_takes_any(
    agent: FakeAgent,
) -> None:
    """Else who types the key alone takes main over, with the key in the log and in a unit's name."""
    client = HookClient(agent, HookCredentials(TOKEN, None, OTHERS))
    assert post(client, json=body(stream=KEYS["es"], param="")) == 403
    ((refusal, _),) = agent.refused
    assert (refusal.reason, agent.heard) == (KEY_ALONE.reason, [])
    assert post(client, json=body(stream="other", param="")) == 200


@pytest.mark.parametrize("server", ["srs", "nginx-rtmp"])
@pytest.mark.parametrize("stream", ["main", "es", "en", "other"])
@pytest.mark.parametrize("channel", [*KEYS, None])
def test_a_stream_is_played_with_its_own_channel_s_key_alone(
    client: HookClient, agent: FakeAgent, server: str, stream: str, channel: str | None
) -> None:
    """A key for publishing plays nothing, and no player is an event."""
    is_right = channel == ("main" if stream == "other" else stream)
    key = "" if channel is None else play_key(TOKEN, channel)
    assert post(client, "on_play", **playing(server, stream, key)) == (200 if is_right else 403)
    if channel is not None:
        assert post(client, "on_play", **playing(server, stream, KEYS[channel])) == 403
    assert not agent.heard
    assert not agent.refused


def playing(server: str, stream: str, key: str) -> dict[str, Any]:
    """Return the hook of a server about a player."""
    if server == "srs":
        return {"json": body("on_play", stream=stream, param=f"?key={key}" if key else "")}
    hook = nginx(stream, key)
    return {**hook, "content": hook["content"].replace("call=publish", "call=play")}


def test_each_key_is_another() -> None:
    """Whoever knows one knows no other, and not the token; another token makes new ones."""
    keys = {play_key(TOKEN, channel) for channel in KEYS} | {api_key(TOKEN), play_key("another", "main")}
    assert len(keys) == len(KEYS) + 2
    assert all(TOKEN not in key and len(key) == 32 for key in keys)


def test_without_channels_players_have_no_key() -> None:
    """There is nothing to keep apart; the API's key is told in any case."""
    credentials = HookCredentials(TOKEN, KEYS["main"])
    assert (credentials.play_key("main"), credentials.api_key) == ("", api_key(TOKEN))
