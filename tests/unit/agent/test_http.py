"""Who gets past the listener, what is refused, and what the log says of it: never a key."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from restream_agent.agent.hook_formats import Hook
from restream_agent.agent.http import LARGEST_BODY, Door, Handlers, application
from tests.unit.agent.recorded import nginx_hooks

TOKEN = "t0ken-of-the-hooks"
KEY = "s3cret-key"
FORM = "application/x-www-form-urlencoded"


@dataclass
class FakeAgent:
    """The functions that the listener calls; `heard` holds the hooks it passed on."""

    refusal: str = ""
    problems: tuple[str, ...] = ()
    numbers: bytes = b"restream_up 1\n"
    heard: list[Hook] = field(default_factory=list)

    async def publish(self, hook: Hook) -> str:
        self.heard.append(hook)
        return self.refusal

    async def unpublish(self, hook: Hook) -> None:
        self.heard.append(hook)

    async def status(self) -> Mapping[str, Any]:
        return {"state": "off air"}


@pytest.fixture
def agent() -> FakeAgent:
    """Return an agent that accepts every publisher that the listener lets through."""
    return FakeAgent()


class HookClient:
    """Sends requests as an ingest server on this machine; an exception in the listener is raised here."""

    def __init__(self, agent: FakeAgent, door: Door) -> None:
        problems, numbers = lambda: agent.problems, lambda: agent.numbers
        handlers = Handlers(agent.publish, agent.unpublish, agent.status, problems, numbers)
        self._transport = httpx.ASGITransport(application(door, handlers))

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
    """Return a client of a listener that wants token and key."""
    return HookClient(agent, Door(TOKEN, KEY))


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


def test_srs_is_told_zero_as_it_wants(client: HookClient, agent: FakeAgent) -> None:
    """200 and a JSON object with the integer code 0; anything else would be a refusal."""
    answer = client.request("POST", f"/api/on_publish?token={TOKEN}", json=body())
    assert (answer.status_code, answer.json()) == (200, {"code": 0})
    assert [(one.kind, one.publisher.stream) for one in agent.heard] == [("publish", "main")]


def test_nginx_is_told_yes(client: HookClient, agent: FakeAgent) -> None:
    """Its recorded form with our key is accepted by a 2xx."""
    form = nginx_hooks()[0]["body"].replace("s3cret%2Fwith%26signs", KEY)
    assert post(client, content=form, headers={"content-type": FORM}) == 200
    assert [(one.kind, one.publisher.stream) for one in agent.heard] == [("publish", "main")]


def test_an_unpublish_is_passed_on_and_needs_no_key(client: HookClient, agent: FakeAgent) -> None:
    """Whether it counts is decided by its client id."""
    assert post(client, "on_unpublish", json=body("on_unpublish", param="")) == 200
    assert [one.kind for one in agent.heard] == ["unpublish"]


def test_an_unpublish_of_a_name_that_was_never_accepted_is_taken_and_forgotten(
    client: HookClient, agent: FakeAgent
) -> None:
    """Servers tell the end of publishers that were refused, too."""
    assert post(client, "on_unpublish", json=body("on_unpublish", stream="no such/name")) == 200
    assert not agent.heard


def test_any_key_is_accepted_where_that_is_wanted(agent: FakeAgent) -> None:
    """`ingest.key = "any"` is a door without a key."""
    assert post(HookClient(agent, Door(TOKEN, None)), json=body(param="")) == 200


@pytest.mark.parametrize("query", ["", "?token=", "?token=wr0ng", f"?token={TOKEN}x", "?token=%FF%00é"])
@pytest.mark.parametrize("path", ["on_publish", "on_unpublish", "on_play"])
def test_without_the_token_nothing_is_even_read(
    client: HookClient, agent: FakeAgent, path: str, query: str
) -> None:
    """403, whatever the body."""
    assert client.request("POST", f"/api/{path}{query}", json=body(path)).status_code == 403
    assert not agent.heard


@pytest.mark.parametrize("param", ["?key=wr0ng", "?key=", "", f"?key={KEY}x", f"?Key={KEY}"])
def test_a_wrong_key_is_refused_in_one_stable_line(
    client: HookClient, agent: FakeAgent, caplog: pytest.LogCaptureFixture, param: str
) -> None:
    """The line names the address, for those who ban by it."""
    assert post(client, json=body(param=param)) == 403
    assert not agent.heard
    ours = [record.getMessage() for record in caplog.records if record.name == "restream_agent.agent.http"]
    assert ours == ["publish refused: wrong key from 192.0.2.7"]


@pytest.mark.parametrize("name", ["", "a/b", "a b", "-x", "wr0ng%20", "ключ", "x" * 101, "a\nb", "../x"])
def test_a_name_that_no_unit_can_bear_is_refused_and_not_logged(
    client: HookClient, agent: FakeAgent, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """It may hold a key that was put into the wrong place."""
    assert post(client, json=body(stream=name)) == 403
    assert not agent.heard
    (line,) = [record.getMessage() for record in caplog.records if record.name == "restream_agent.agent.http"]
    assert line.startswith("publish refused: from 192.0.2.7, the stream's name has characters other than")
    assert len(name) < 4 or name not in line


def test_what_the_daemon_refuses_is_refused(client: HookClient, agent: FakeAgent) -> None:
    """A fight between publishers is such a reason."""
    agent.refusal = "two publishers are fighting for the stream"
    assert post(client, json=body()) == 403


def test_nobody_plays_through_a_hook(client: HookClient, agent: FakeAgent) -> None:
    """The server's own rules let `live@` play; who else asks is refused."""
    assert post(client, "on_play", json=body("on_play")) == 403
    assert not agent.heard


def test_another_application_is_refused(client: HookClient, agent: FakeAgent) -> None:
    """Only `live` is ours."""
    assert post(client, json=body(app="other")) == 403
    assert not agent.heard


REFUSED = {
    "unknown action": {"json": body("on_connect")},
    "action of another path": {"json": body("on_unpublish")},
    "bad json": {"content": b"{", "headers": {"content-type": "application/json"}},
    "json that is no object": {"json": [1]},
    "no content type": {"content": json.dumps(body()).encode()},
    "wrong content type": {"content": json.dumps(body()).encode(), "headers": {"content-type": "text/xml"}},
    "json as a form": {"content": json.dumps(body()).encode(), "headers": {"content-type": FORM}},
    "empty form": {"content": b"", "headers": {"content-type": FORM}},
    "huge body": {"json": body(junk="x" * LARGEST_BODY)},
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_hook_is_refused(client: HookClient, agent: FakeAgent, sent: dict[str, Any]) -> None:
    """400, and the agent hears nothing of it."""
    assert post(client, **sent) == 400
    assert not agent.heard


def test_a_huge_body_is_read_no_further_than_the_limit(client: HookClient, agent: FakeAgent) -> None:
    """Also where no content-length tells of it."""
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
    """Nothing but what is documented is there."""
    assert client.request(method, f"{path}?token={TOKEN}", json=body()).status_code == status
    assert not agent.heard


def test_the_status_is_for_whoever_asks(client: HookClient) -> None:
    """It holds no secret, and only this machine can ask."""
    assert client.request("GET", "/api/status").json() == {"state": "off air"}


@pytest.mark.parametrize(
    ("problems", "status", "words"), [((), 200, "ok\n"), (("not ready", "old"), 503, "not ready\nold\n")]
)
def test_health_says_what_is_wrong(
    client: HookClient, agent: FakeAgent, problems: tuple[str, ...], status: int, words: str
) -> None:
    """A line each, with 503, for those who watch from outside."""
    agent.problems = problems
    answer = client.request("GET", "/healthz")
    assert (answer.status_code, answer.text) == (status, words)


def test_metrics_come_as_prometheus_reads_them(client: HookClient) -> None:
    """In its text format."""
    answer = client.request("GET", "/metrics")
    assert (answer.status_code, answer.text) == (200, "restream_up 1\n")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"


def test_before_the_first_look_there_are_no_metrics(client: HookClient, agent: FakeAgent) -> None:
    """Zeros would look like a channel that is off the air."""
    agent.numbers = b""
    assert client.request("GET", "/metrics").status_code == 503


def test_a_door_shows_nothing() -> None:
    """Neither secret is in its repr, which a traceback could print."""
    assert repr(Door(TOKEN, KEY)) == "Door(…)"
