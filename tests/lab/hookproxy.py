"""A proxy between ingest server and agent that loses, doubles, delays or swaps hooks.

Run as `hookproxy.py PORT AGENT_PORT DIRECTORY` inside the container; it imports only the standard library.
DIRECTORY/behaviour holds one of:
pass     each hook is passed on and gets the agent's answer;
drop     each hook is read, and the connection is closed without an answer;
double   each hook is passed on twice and gets the second answer;
late     each hook is passed on after ten seconds;
swap     the proxy answers an unpublish itself and passes it on after the next publish;
reverse  the proxy answers a publish itself and passes it on after the next unpublish.
Hooks that the proxy keeps are passed on when the behaviour changes. DIRECTORY/hooks.log gets a line for each
hook.
"""

import http.client
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

LATE_SECONDS = 10.0
ACCEPTED = b'{"code": 0}'  # SRS reads this answer; nginx-rtmp reads only the status
KEEPING = {"swap": "on_unpublish", "reverse": "on_publish"}


class HookRequest(NamedTuple):
    """One HTTP request of the ingest server."""

    path: str
    kind: str
    body: bytes


class Proxy:
    """Passes hooks on to the agent, or keeps them."""

    def __init__(self, agent: int, directory: Path) -> None:
        self._agent, self._directory = agent, directory
        self._kept: list[HookRequest] = []
        self._lock = threading.Lock()

    def behaviour(self) -> str:
        """Return the behaviour that is asked for now."""
        file = self._directory / "behaviour"
        return file.read_text().strip() if file.exists() else "pass"

    def handle(self, hook: HookRequest) -> tuple[int, bytes] | None:
        """Handle a hook by the current behaviour; return the answer, or None for no answer."""
        behaviour = self.behaviour()
        self.log(f"{behaviour} {hook.path.split('?')[0]}")
        if behaviour == "drop":
            return None
        if behaviour in KEEPING and KEEPING[behaviour] in hook.path:
            with self._lock:
                self._kept.append(hook)
            return 200, ACCEPTED
        if behaviour == "late":
            time.sleep(LATE_SECONDS)
        if behaviour == "double":
            self.forward(hook)
        answer = self.forward(hook)
        if behaviour in KEEPING:
            # After the answer, as if the two hooks had overtaken each other.
            threading.Timer(0.05, self.release).start()
        return answer

    def forward(self, hook: HookRequest) -> tuple[int, bytes]:
        """Pass a hook on and return the agent's answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self._agent, timeout=30)
        try:
            connection.request("POST", hook.path, hook.body, {"Content-Type": hook.kind})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def release(self) -> None:
        """Pass on the hooks that were kept."""
        with self._lock:
            kept, self._kept = self._kept, []
        for hook in kept:
            self.log(f"released {hook.path.split('?')[0]} {self.forward(hook)[0]}")

    def log(self, line: str) -> None:
        """Append a line with the time of the monotonic clock."""
        with (self._directory / "hooks.log").open("a") as file:
            file.write(f"{time.monotonic():.3f} {line}\n")

    def watch(self) -> None:
        """Release the kept hooks once the behaviour keeps none."""
        while True:
            if self.behaviour() not in KEEPING:
                self.release()
            time.sleep(0.05)


def handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    """Return the request handler of a proxy."""

    class ProxyHandler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.close_connection = True
            try:
                answer = proxy.handle(HookRequest(self.path, self.headers.get("Content-Type", ""), body))
            except OSError as error:
                proxy.log(f"the agent did not answer: {error}")
                return
            if answer is not None:
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(answer[1])))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(answer[1])

        def log_message(self, format: str, *args: object) -> None:
            pass

    return ProxyHandler


def main() -> None:
    """Serve until killed."""
    listen, agent, directory = sys.argv[1:]
    proxy = Proxy(int(agent), Path(directory))
    threading.Thread(target=proxy.watch, daemon=True).start()
    ThreadingHTTPServer(("127.0.0.1", int(listen)), handler(proxy)).serve_forever()


if __name__ == "__main__":
    main()
