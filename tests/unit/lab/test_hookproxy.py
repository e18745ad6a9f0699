"""The proxy between ingest server and agent: which hooks reach the agent, how often, in which order."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.lab.deadline import wait_until
from tests.lab.hookproxy import ACCEPTED, HookRequest, Proxy

PUBLISH = HookRequest("/api/on_publish?token=x", "application/json", b"publish")
UNPUBLISH = HookRequest("/api/on_unpublish?token=x", "application/json", b"unpublish")


class AgentServer(HTTPServer):
    """Accepts hooks and records their bodies."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), AgentHandler)
        self.heard: list[bytes] = []


class AgentHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, AgentServer)
        self.server.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"from the agent")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def agent() -> Iterator[AgentServer]:
    with AgentServer() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def proxy(agent: AgentServer, tmp_path: Path) -> Proxy:
    return Proxy(agent.server_port, tmp_path)


def test_a_hook_is_passed_on_with_its_answer(proxy: Proxy, agent: AgentServer) -> None:
    """This is the behaviour if no other is asked for."""
    assert proxy.handle(PUBLISH) == (200, b"from the agent")
    assert agent.heard == [b"publish"]


def test_a_dropped_hook_gets_no_answer(proxy: Proxy, agent: AgentServer, tmp_path: Path) -> None:
    """It does not reach the agent."""
    (tmp_path / "behaviour").write_text("drop")
    assert proxy.handle(PUBLISH) is None
    assert agent.heard == []


def test_a_doubled_hook_comes_twice(proxy: Proxy, agent: AgentServer, tmp_path: Path) -> None:
    """The server gets the second answer."""
    (tmp_path / "behaviour").write_text("double")
    assert proxy.handle(PUBLISH) == (200, b"from the agent")
    assert agent.heard == [b"publish", b"publish"]


@pytest.mark.parametrize(
    ("how", "first", "second"), [("swap", UNPUBLISH, PUBLISH), ("reverse", PUBLISH, UNPUBLISH)]
)
def test_two_hooks_change_places(
    proxy: Proxy, agent: AgentServer, tmp_path: Path, how: str, first: HookRequest, second: HookRequest
) -> None:
    """The proxy answers the first hook itself and passes it on after the second."""
    (tmp_path / "behaviour").write_text(how)
    assert proxy.handle(first) == (200, ACCEPTED)
    assert proxy.handle(second) == (200, b"from the agent")
    wait_until(lambda: len(agent.heard) == 2, 20, "the first to be passed on")
    assert agent.heard == [second.body, first.body]
