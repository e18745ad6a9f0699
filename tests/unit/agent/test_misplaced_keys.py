"""A key that is missing or in the wrong place is said; nginx-rtmp is told the stream's name."""

import time

import pytest

from restream_agent.agent import refusals
from restream_agent.agent.credentials import HookCredentials
from tests.unit.agent.test_http import KEY, TOKEN, FakeAgent, HookClient, body, post


@pytest.fixture
def agent() -> FakeAgent:
    """Return an agent that accepts every publisher whose key is right."""
    return FakeAgent()


@pytest.fixture
def client(agent: FakeAgent) -> HookClient:
    """Return a client of an application that requires token and key."""
    return HookClient(agent, HookCredentials(TOKEN, KEY))


KEY_ELSEWHERE = [
    ({"param": ""}, refusals.NO_KEY),
    ({"param": "?key="}, refusals.NO_KEY),
    ({"param": f"?Key={KEY}"}, refusals.NO_KEY),
    ({"param": "", "stream": KEY}, refusals.KEY_ALONE),
    ({"param": "", "stream": f"{KEY}x"}, refusals.NO_KEY),
]


@pytest.mark.parametrize(("changes", "refusal"), KEY_ELSEWHERE)
def test_a_key_that_is_missing_or_misplaced_is_said(
    client: HookClient, agent: FakeAgent, changes: dict[str, str], refusal: refusals.Refusal
) -> None:
    """With what to type into OBS."""
    assert post(client, json=body(**changes)) == 403
    assert agent.refused == [(refusal, "192.0.2.7")]
    assert not agent.heard


def test_a_key_in_the_name_s_place_waits_like_a_wrong_one(client: HookClient) -> None:
    """Otherwise the time of an answer would tell a right guess from a wrong one."""
    started = time.monotonic()
    assert [post(client, json=body(param="", stream=name)) for name in (KEY, KEY)] == [403, 403]
    assert time.monotonic() - started >= 0.5


def test_nginx_is_told_the_stream_s_name(client: HookClient, agent: FakeAgent) -> None:
    """The whole URL was typed as the server: nginx-rtmp takes the name from the answer."""
    url = f"rtmp://h/live/main?key={KEY}"
    fields = {"call": "publish", "app": "live", "name": "", "clientid": "1", "tcurl": url}
    answer = client.request("POST", f"/api/on_publish?token={TOKEN}", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (302, "main")
    assert [hook.publisher.stream for hook in agent.heard] == ["main"]
