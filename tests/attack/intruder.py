"""Attacks the public port from another computer: `python -m attack.intruder NAME HOST PORT`; writes JSON.

It runs in the container's network namespace "outside". Standard library only.
"""

import asyncio
import json
import resource
import sys
import time
from collections import Counter

from .packets import HALF, first_half
from .port_attacks import LINE, MOST_BYTES, MOST_CLIENTS, MOST_SECONDS, PortAttack, port_attack

CONNECT_SECONDS = 3.0
HANDSHAKE_SECONDS = 1.0
RECOVERY_SECONDS = 15.0
CHECK_EVERY = 0.1
AT_ONCE = 200
"""Connections that may be on their way: more would only lose SYNs."""

Address = tuple[str, int]


class Intruder:
    """Plays one attack; `ends` counts how its connections ended, `sent` its bytes."""

    def __init__(self, attack: PortAttack, address: Address) -> None:
        if attack.clients > MOST_CLIENTS:
            raise ValueError(f"{attack.name}: more than {MOST_CLIENTS} clients")
        self._attack, self._address = attack, address
        self._opening = asyncio.Semaphore(AT_ONCE)
        self._started = time.monotonic()
        self._deadline = self._started + MOST_SECONDS
        self.ends: Counter[str] = Counter()
        self.sent = 0
        self.checks: list[bool] = []

    async def play(self) -> None:
        """Play the attack; every connection is closed afterwards."""
        started = time.monotonic()
        checking = asyncio.create_task(self._check())
        async with asyncio.TaskGroup() as group:
            for number in range(self._attack.clients):
                if self._attack.rate:
                    await asyncio.sleep(started + number / self._attack.rate - time.monotonic())
                group.create_task(self._client(number))
        checking.cancel()

    async def _check(self) -> None:
        """Try the port once a second while the attack runs."""
        while True:
            await asyncio.sleep(1)
            self.checks.append(await is_open(self._address))

    async def _client(self, number: int) -> None:
        attack = self._attack
        try:
            async with self._opening:
                opening = asyncio.open_connection(*self._address)
                reader, writer = await asyncio.wait_for(opening, CONNECT_SECONDS)
        except (TimeoutError, OSError):
            self.ends["not connected"] += 1
            return
        try:
            if attack.shakes:
                await asyncio.wait_for(shake(reader, writer), CONNECT_SECONDS)
            for turn, piece in enumerate(attack.script(number)):
                if attack.in_turn and turn:
                    await asyncio.wait_for(reader.read(65536), CONNECT_SECONDS)
                if self.sent + len(piece) > MOST_BYTES or time.monotonic() > self._deadline:
                    break
                writer.write(piece)
                self.sent += len(piece)
                if (early := self._started + self.sent / LINE - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                await asyncio.wait_for(writer.drain(), CONNECT_SECONDS)
            if attack.stays:
                await asyncio.wait_for(_until_closed(reader), attack.stays)
            self.ends["closed" if attack.stays else "dropped"] += 1
        except TimeoutError:
            self.ends["left"] += 1
        except (OSError, EOFError):
            self.ends["closed"] += 1
        finally:
            writer.transport.abort()


async def _until_closed(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass


async def shake(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Complete an RTMP handshake; EOFError if the server ends it."""
    writer.write(first_half())
    answer = await reader.readexactly(1 + 2 * HALF)
    writer.write(answer[1 : 1 + HALF])
    await writer.drain()


async def is_open(address: Address) -> bool:
    """Tell whether the port completes a handshake."""
    try:
        async with asyncio.timeout(HANDSHAKE_SECONDS):
            reader, writer = await asyncio.open_connection(*address)
            try:
                await shake(reader, writer)
            finally:
                writer.transport.abort()
    except (TimeoutError, OSError, EOFError):
        return False
    return True


async def recovery(address: Address) -> float | None:
    """Return after how many seconds the port works; None if not within RECOVERY_SECONDS."""
    started = time.monotonic()
    while time.monotonic() - started < RECOVERY_SECONDS:
        begun = time.monotonic()
        if await is_open(address):
            return begun - started
        await asyncio.sleep(CHECK_EVERY)
    return None


async def main(name: str, address: Address) -> None:
    """Attack, wait for the port, report."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * MOST_CLIENTS, 2 * MOST_CLIENTS))
    intruder = Intruder(port_attack(name), address)
    started = time.monotonic()
    await intruder.play()
    seconds = time.monotonic() - started
    report = {
        "seconds": seconds, "ends": intruder.ends, "sent": intruder.sent, "checks": intruder.checks,
        "recovery": await recovery(address),
    }  # fmt: skip
    print(json.dumps(report))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], (sys.argv[2], int(sys.argv[3]))))
