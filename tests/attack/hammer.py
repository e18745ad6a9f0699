"""Sends generated requests and measures real hooks meanwhile: `hammer.py COUNT IDLE`, token and key on stdin.

It runs inside the container, where the listener is, and writes JSON. Standard library only.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from random import Random

from .generated import SRS, generate

ADDRESS = ("127.0.0.1", 8085)
AT_ONCE = 32
ANSWER_SECONDS = 0.2  # refusals of a wrong key take longer; an attacker would not wait for them
TRUE_HOOKS = 40
HALF_OPEN = b"POST /api/on_publish HTTP/1.1\r\nHost: x\r\nX-Slow: "
OPEN_FILES = 16_384


async def send(request: bytes) -> str:
    """Send one request on a connection of its own; return its status, or how the connection ended."""
    reader, writer = await asyncio.open_connection(*ADDRESS)
    try:
        writer.write(request)
        line = await asyncio.wait_for(reader.readline(), ANSWER_SECONDS)
        return line.split(b" ")[1].decode() if b" " in line else "closed"
    except TimeoutError:
        return "left waiting"
    except OSError:
        return "closed"
    finally:
        writer.transport.abort()


async def half_open() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a connection and send half a request, as any user of the machine can."""
    reader, writer = await asyncio.open_connection(*ADDRESS)
    writer.write(HALF_OPEN)
    return reader, writer


async def hammer(count: int, token: str, done: Counter[str]) -> None:
    """Send `count` requests, AT_ONCE at a time."""
    random = Random(8085)
    left = iter(range(count))

    async def one() -> None:
        for _ in left:
            done[await send(generate(random, token))] += 1

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))


async def true_hook(token: str, **changed: str) -> float:
    """Send a hook as the ingest server does and return how long the answer took, in seconds."""
    body = json.dumps({**SRS, "ip": "203.0.113.9", **changed}).encode()
    action = changed["action"]
    head = f"POST /api/{action}?token={token} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    started = time.monotonic()
    reader, writer = await asyncio.open_connection(*ADDRESS)
    writer.write(head.encode() + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    if b" 200 " not in answer.split(b"\r\n")[0]:
        raise SystemExit(f"a real hook was refused: {answer!r}")
    return time.monotonic() - started


async def true_hooks(token: str, times: int) -> list[float]:
    """Send unpublishes of publishers that are not current: the agent handles them without effect."""
    taken = []
    for number in range(times):
        taken.append(await true_hook(token, action="on_unpublish", client_id=f"gone{number}"))
        await asyncio.sleep(0.1)
    return taken


async def main(count: int, idle: int) -> None:
    """Attack, measure, report."""
    token, key = sys.stdin.read().split()
    done: Counter[str] = Counter()
    before = await true_hooks(token, TRUE_HOOKS)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    held = [await half_open() for _ in range(idle)]
    held_open = await true_hooks(token, TRUE_HOOKS)
    started = time.monotonic()
    _, during = await asyncio.gather(hammer(count, token, done), true_hooks(token, TRUE_HOOKS))
    seconds = time.monotonic() - started
    after = await true_hooks(token, TRUE_HOOKS)
    publish = await true_hook(token, action="on_publish", client_id="true", param=f"?key={key}")
    await true_hook(token, action="on_unpublish", client_id="true")
    still_open = sum(not (reader.at_eof() or reader.exception()) for reader, _ in held)
    report = {
        "answers": done, "seconds": seconds, "idle held": still_open, "publish": publish,
        "hooks": {"before": before, "half-open requests": held_open, "flood": during, "after": after},
    }  # fmt: skip
    print(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
