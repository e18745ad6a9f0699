"""Which hooks are accepted and refused, and what is logged of them: never a key."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from restream_agent.agent import refusals
from restream_agent.agent.credentials import HookCredentials
from restream_agent.agent.hook_formats import Hook
from restream_agent.agent.http import LARGEST_BODY, Handlers, application
from restream_agent.agent.situation import Publisher
from restream_agent.base.obs_words import TO_TYPE
from tests.unit.agent.recorded import nginx_hooks

TOKEN = "t0ken-of-the-hooks"
KEY = "s3cret-key"
FORM = "application/x-www-form-urlencoded"


@dataclass
class FakeAgent:
    """The functions that the application calls; `heard` holds the hooks it passed on."""

    refusal: str = ""
    problems: tuple[str, ...] = ()
    numbers: bytes = b"restream_up 1\n"
    heard: list[Hook] = field(default_factory=list)
    refused: list[tuple[refusals.Refusal, str]] = field(default_factory=list)

    async def publish(self, hook: Hook) -> str:
        self.heard.append(hook)
        return self.refusal

    async def unpublish(self, hook: Hook) -> None:
        self.heard.append(hook)

    async def status(self) -> Mapping[str, Any]:
        return {"state": "off air"}

    def refuse(self, refusal: refusals.Refusal, publisher: Publisher) -> None:
        self.refused.append((refusal, publisher.address))
        refusals.Refusals().note(refusal, publisher.address)


@pytest.fixture
def agent() -> FakeAgent:
    """Return an agent that accepts every publisher whose key is right."""
    return FakeAgent()


class HookClient:
    """Sends requests to the application; an exception in the application is raised here."""

    def __init__(self, agent: FakeAgent, credentials: HookCredentials) -> None:
        problems, numbers = lambda: agent.problems, lambda: agent.numbers
        handlers = Handlers(agent.publish, agent.unpublish, agent.status, problems, numbers, agent.refuse)
        self._transport = httpx.ASGITransport(application(credentials, handlers))

    def request(self, method: str, path: str, **sent: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=self._transport, base_url="http://localhost") as client:
                return await client.request(method, path, **sent)

        return asyncio.run(ask())


@dataclass
class Chunks:
    """A body of 1 MiB without a Content-Length; `taken` counts the KiB that were read."""

    taken: int = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self.taken < 1024:
            self.taken += 1
            yield b"x" * 1024


@pytest.fixture
def client(agent: FakeAgent) -> HookClient:
    """Return a client of an application that requires token and key."""
    return HookClient(agent, HookCredentials(TOKEN, KEY))


@pytest.fixture(autouse=True)
def no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check after every test that no record, whatever its level, shows key, token or a traceback."""
    caplog.set_level(logging.DEBUG)
    yield
    for record in caplog.get_records("call"):
        if record.name.startswith("restream_agent"):
            assert record.exc_info is None
            assert not any(secret in record.getMessage() for secret in (KEY, TOKEN, "wr0ng"))


def body(action: str = "on_publish", **changes: Any) -> dict[str, Any]:
    """Return a hook of SRS."""
    stated = {"action": action, "client_id": "c1", "ip": "192.0.2.7", "app": "live", "stream": "main"}
    return {**stated, "param": f"?key={KEY}", **changes}


def post(client: HookClient, path: str = "on_publish", **sent: Any) -> int:
    """Send a hook and return the status of the answer."""
    return client.request("POST", f"/api/{path}?token={TOKEN}", **sent).status_code


def test_srs_is_answered_with_code_zero(client: HookClient, agent: FakeAgent) -> None:
    """SRS takes only 200 with a JSON object and the integer code 0 as yes."""
    answer = client.request("POST", f"/api/on_publish?token={TOKEN}", json=body())
    assert (answer.status_code, answer.json()) == (200, {"code": 0})
    assert [(hook.kind, hook.publisher.stream) for hook in agent.heard] == [("publish", "main")]


def test_nginx_is_answered_with_200(client: HookClient, agent: FakeAgent) -> None:
    """A recorded form of nginx-rtmp with the right key is accepted by a 2xx."""
    form = nginx_hooks()[0]["body"].replace("s3cret%2Fwith%26signs", KEY)
    assert post(client, content=form, headers={"content-type": FORM}) == 200
    assert [(hook.kind, hook.publisher.stream) for hook in agent.heard] == [("publish", "main")]


def test_an_unpublish_is_passed_on_and_needs_no_key(client: HookClient, agent: FakeAgent) -> None:
    """Its client id decides whether it has an effect."""
    assert post(client, "on_unpublish", json=body("on_unpublish", param="")) == 200
    assert [hook.kind for hook in agent.heard] == ["unpublish"]


def test_an_unpublish_of_a_name_that_was_never_accepted_is_ignored(
    client: HookClient, agent: FakeAgent
) -> None:
    """Servers report the end of refused publishers, too."""
    assert post(client, "on_unpublish", json=body("on_unpublish", stream="no such/name")) == 200
    assert not agent.heard


def test_any_key_is_accepted_if_so_configured(agent: FakeAgent) -> None:
    """`ingest.key = "any"` turns the check of the key off."""
    assert post(HookClient(agent, HookCredentials(TOKEN, None)), json=body(param="")) == 200


@pytest.mark.parametrize("query", ["", "?token=", "?token=wr0ng", f"?token={TOKEN}x", "?token=%FF%00é"])
@pytest.mark.parametrize("path", ["on_publish", "on_unpublish", "on_play"])
def test_without_the_token_the_body_is_not_read(
    client: HookClient, agent: FakeAgent, path: str, query: str
) -> None:
    """403, for every body."""
    assert client.request("POST", f"/api/{path}{query}", json=body(path)).status_code == 403
    assert not agent.heard


@pytest.mark.parametrize("param", ["?key=wr0ng", f"?key={KEY}x", f"?key={KEY}?key={KEY}"])
def test_a_wrong_key_is_refused_in_one_stable_line(
    client: HookClient, agent: FakeAgent, caplog: pytest.LogCaptureFixture, param: str
) -> None:
    """The line names the address, so that fail2ban can ban it."""
    assert post(client, json=body(param=param)) == 403
    assert not agent.heard
    ours = [
        record.getMessage() for record in caplog.records if record.name == "restream_agent.agent.refusals"
    ]
    assert ours == ["publish refused: wrong key from 192.0.2.7"]


@pytest.mark.parametrize("name", ["a/b", "a b", "-x", "wr0ng%20", "ключ", "x" * 101, "a\nb", "../x"])
def test_a_name_that_cannot_be_part_of_a_unit_name_is_refused_and_not_logged(
    client: HookClient, agent: FakeAgent, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """A user may have typed the key in place of the name."""
    assert post(client, json=body(stream=name)) == 403
    assert not agent.heard
    (line,) = [
        record.getMessage() for record in caplog.records if record.name == "restream_agent.agent.refusals"
    ]
    assert line.startswith("publish refused: from 192.0.2.7, the stream's name has characters other than")
    assert len(name) < 4 or name not in line


def test_a_refusal_of_the_agent_is_a_refusal(client: HookClient, agent: FakeAgent) -> None:
    """For example in a fight between publishers."""
    agent.refusal = "two publishers are fighting for the stream"
    assert post(client, json=body()) == 403


def test_a_player_is_no_event(client: HookClient, agent: FakeAgent) -> None:
    """With one channel, the server's own rule lets `live@` play; only one that had channels before asks."""
    assert post(client, "on_play", json=body("on_play")) == 200
    assert post(client, "on_play", json=body("on_play", app="other")) == 403
    assert not agent.heard


def test_another_application_is_refused(
    client: HookClient, agent: FakeAgent, caplog: pytest.LogCaptureFixture
) -> None:
    """The agent handles the application `live` only, and says so: users mistype OBS's server address."""
    assert post(client, json=body(app=KEY)) == 403
    assert not agent.heard
    said = f"publish refused: from {body()['ip']}, the application is not live; {TO_TYPE}"
    assert said in caplog.text


REFUSED = {
    "unknown action": {"json": body("on_connect")},
    "action of another path": {"json": body("on_unpublish")},
    "bad json": {"content": b"{", "headers": {"content-type": "application/json"}},
    "json that is not an object": {"json": [1]},
    "no content type": {"content": json.dumps(body()).encode()},
    "wrong content type": {"content": json.dumps(body()).encode(), "headers": {"content-type": "text/xml"}},
    "json as a form": {"content": json.dumps(body()).encode(), "headers": {"content-type": FORM}},
    "empty form": {"content": b"", "headers": {"content-type": FORM}},
    "huge body": {"json": body(junk="x" * LARGEST_BODY)},
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_a_request_that_is_not_a_hook_is_refused(
    client: HookClient, agent: FakeAgent, sent: dict[str, Any]
) -> None:
    """400, and the agent is not called."""
    assert post(client, **sent) == 400
    assert not agent.heard


def test_a_huge_body_is_read_no_further_than_the_limit(client: HookClient, agent: FakeAgent) -> None:
    """Also without a content-length."""
    body = Chunks()
    assert post(client, content=body, headers={"content-type": "application/json"}) == 400
    assert body.taken <= LARGEST_BODY // 1024 + 1
    assert not agent.heard


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/api/on_publish", 405), ("POST", "/api/on_connect", 404), ("POST", "/api/status", 405)],
)
def test_wrong_paths_and_methods_are_refused(
    client: HookClient, agent: FakeAgent, method: str, path: str, status: int
) -> None:
    """Only the documented paths exist."""
    assert client.request(method, f"{path}?token={TOKEN}", json=body()).status_code == status
    assert not agent.heard


def test_the_status_needs_no_token(client: HookClient) -> None:
    """It holds no secret, and only this machine can request it."""
    assert client.request("GET", "/api/status").json() == {"state": "off air"}


@pytest.mark.parametrize(
    ("problems", "status", "words"), [((), 200, "ok\n"), (("not ready", "old"), 503, "not ready\nold\n")]
)
def test_health_lists_the_problems(
    client: HookClient, agent: FakeAgent, problems: tuple[str, ...], status: int, words: str
) -> None:
    """One line for each problem, with 503, for monitoring from outside."""
    agent.problems = problems
    answer = client.request("GET", "/healthz")
    assert (answer.status_code, answer.text) == (status, words)


def test_metrics_are_in_the_format_of_prometheus(client: HookClient) -> None:
    """With the content type of its text format."""
    answer = client.request("GET", "/metrics")
    assert (answer.status_code, answer.text) == (200, "restream_up 1\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_before_the_first_look_there_are_no_metrics(client: HookClient, agent: FakeAgent) -> None:
    """Zeros would look like a channel that is off air."""
    agent.numbers = b""
    assert client.request("GET", "/metrics").status_code == 503
