"""Sends hooks to the agent as SRS does, and measures how long the answers take.

Run in the container's network, with token and ingest key on standard input:
`python -m benchmarks.hook_client notices COUNT` sends unpublishes of publishers that are not current;
`python -m benchmarks.hook_client publishes COUNT` sends publishes with the key, each followed by its end;
`python -m benchmarks.hook_client noise PER_SECOND` sends hooks that change nothing, until it is killed.
The first two print the times of the answers in ms as JSON.
"""

import asyncio
import json
import sys
import time

ADDRESS = ("127.0.0.1", 8085)
BETWEEN, AFTER_PUBLISH = 0.05, 0.7
"""Seconds between two hooks, and for which a publish and an unpublish are left alone."""

_PATIENCE = 30.0
_UNWANTED = 0.5
"""Seconds for which the noise waits for an answer: a wrong key is answered late on purpose."""

_SRS = {"server_id": "vid-1", "service_id": "1", "vhost": "__defaultVhost__", "app": "live", "stream": "main"}


def request(token: str, action: str, client: str, param: str = "") -> bytes:
    """Return a hook as SRS sends it."""
    address = {"ip": "203.0.113.9", "tcUrl": "rtmp://203.0.113.1/live", "stream_url": "/live/main"}
    fields = {"action": action, "client_id": client, "param": param, **address, **_SRS}
    body = json.dumps(fields).encode()
    head = f"POST /api/{action}?token={token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return head.encode() + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


async def answer(sent: bytes, within: float = _PATIENCE) -> tuple[bytes, float]:
    """Send a request on a connection of its own; return the answer and the ms that it took."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection(*ADDRESS)
    try:
        writer.write(sent)
        received = await asyncio.wait_for(reader.read(), within)
        return received, (time.monotonic() - began) * 1000
    finally:
        writer.transport.abort()


async def accepted(sent: bytes) -> float:
    """Send a hook that has to be accepted; return the ms that the answer took."""
    received, took = await answer(sent)
    if b" 200 " not in received.split(b"\r\n")[0] or b'"code":0' not in received.replace(b" ", b""):
        raise SystemExit(f"a hook was refused: {received!r}")
    return took


async def notices(token: str, count: int) -> list[float]:
    """Send unpublishes of publishers that are not current: the answer is what the listener takes."""
    taken = []
    for number in range(count):
        taken.append(await accepted(request(token, "on_unpublish", f"gone{number}")))
        await asyncio.sleep(BETWEEN)
    return taken


async def publishes(token: str, key: str, count: int) -> list[float]:
    """Send publishes while the fallback is on air: the answer waits until `live@` plays the stream."""
    taken = []
    for number in range(count):
        sent = request(token, "on_publish", f"obs{number}", f"?key={key}")
        taken.append(await accepted(sent))
        await asyncio.sleep(AFTER_PUBLISH)
        await accepted(request(token, "on_unpublish", f"obs{number}"))
        await asyncio.sleep(AFTER_PUBLISH)
    return taken


async def noise(token: str, per_second: int) -> None:
    """Send hooks for ever: ends of unknown publishers, wrong keys, wrong tokens, other applications."""
    kinds = (
        lambda number: request(token, "on_unpublish", f"noise{number}"),
        lambda number: request(f"not-{token}", "on_publish", f"noise{number}"),
        lambda number: request(token, "on_unpublish", f"noise{number}", "?key=wrong"),
        lambda number: request(token, "on_publish", f"noise{number}", "?key=wrong"),
    )

    async def send(number: int) -> None:
        try:
            await answer(kinds[number % len(kinds)](number), _UNWANTED)
        except (OSError, TimeoutError):
            return

    began, number, running = time.monotonic(), 0, set[asyncio.Task[None]]()
    while True:
        running.add(task := asyncio.create_task(send(number)))
        task.add_done_callback(running.discard)
        number += 1
        await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))


def main() -> None:
    """Read the secrets, and do what is asked."""
    what, number = sys.argv[1], int(sys.argv[2])
    token, key = sys.stdin.read().split()
    if what == "noise":
        asyncio.run(noise(token, number))
    measured = notices(token, number) if what == "notices" else publishes(token, key, number)
    print(json.dumps(asyncio.run(measured)))


if __name__ == "__main__":
    main()
