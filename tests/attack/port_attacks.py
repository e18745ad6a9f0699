"""The attacks on the public port, as plain data. Pure; standard library only: the intruder reads them inside.

All are bounded: at most MOST_CLIENTS connections, MOST_SECONDS and MOST_BYTES.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import Random

from . import packets

MOST_CLIENTS, MOST_SECONDS, MOST_BYTES = 6000, 20.0, 512 * 1024 * 1024
LINE = 125_000_000
"""Bytes a second: an attacker has a line of 1 Gbit/s. The virtual cable would carry ten times as much."""

Script = Callable[[int], Iterable[bytes]]


@dataclass(frozen=True)
class PortAttack:
    """One attack.

    name: in kebab-case; text: one line for people.
    clients: how many connect, `rate` a second (0: as fast as they can).
    shakes: whether a client completes the handshake first.
    script: the pieces that client number N sends then.
    in_turn: whether a client waits for an answer before each further piece.
    stays: for how many seconds a client stays after its last piece, unless the server ends it.
    """

    name: str
    text: str
    clients: int
    script: Script
    rate: float = 0.0
    shakes: bool = True
    in_turn: bool = False
    stays: float = 2.0


def _nothing(_: int) -> Iterable[bytes]:
    return ()


def _always(*pieces: bytes) -> Script:
    return lambda _: pieces


def _one_of(pieces: Sequence[bytes]) -> Script:
    return lambda number: (pieces[number % len(pieces)],)


def _bad_handshake(number: int) -> Iterable[bytes]:
    random = Random(number)
    begin = random.choice((b"\x03", b"\x06", b"\x00", b"\xff", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01"))
    return (begin + random.randbytes(random.choice((1, 1500, 1536, 3072, 9000))),)


def _bad_chunks(number: int) -> Iterable[bytes]:
    return (packets.odd_chunks(Random(number)),)


def _deep(levels: int) -> Script:
    large = packets.chunk_size(packets.LARGE_CHUNK)
    payload = packets.text("connect") + packets.number(1) + packets.nested(levels)
    return _always(large + packets.message(payload, size=packets.LARGE_CHUNK))


def _unfinished(_: int) -> Iterable[bytes]:
    yield packets.chunk_size(packets.LARGE_CHUNK)
    for lane in range(4, 44):
        first, next_chunk = packets.unfinished(lane, 12 * 1024 * 1024)
        yield first
        for _ in range(12 * 1024 * 1024 // packets.LARGE_CHUNK - 2):
            yield next_chunk


_LENGTHS = tuple(packets.message(payload) for payload in packets.odd_lengths())
_TYPES = tuple(packets.message(payload) for payload in packets.odd_types())
_FORGED_LINE = "publish refused: wrong key from 192.0.2.9"
_FORGED = packets.publish("main?key=wrong", f"rtmp://\x1b]0;x\x07\r\n{_FORGED_LINE}\n")
_WRONG = packets.publish("main?key=wrong")
NOTHING = PortAttack("nothing", "no attack: what the machine itself costs", 0, _nothing)

PORT_ATTACKS = (
    NOTHING,
    PortAttack("idle-1200", "1,200 connections without a byte", 1200, _nothing, shakes=False, stays=8.0),
    PortAttack("idle-2500", "2,500 connections without a byte", 2500, _nothing, shakes=False, stays=8.0),
    PortAttack("idle-6000", "6,000 connections without a byte: more than the server takes", 6000, _nothing,
               shakes=False, stays=8.0),
    PortAttack("half-handshakes", "1,000 clients that stop inside the handshake", 1000,
               _always(packets.first_half()[:700]), shakes=False, stays=8.0),
    PortAttack("handshakes-malformed", "400 handshakes of noise, HTTP and TLS", 400, _bad_handshake, rate=100,
               shakes=False, stays=0.5),
    PortAttack("wrong-keys-60", "60 publishes a second with a wrong key", 600, _always(*_WRONG), rate=60,
               in_turn=True, stays=9.0),
    PortAttack("wrong-keys-200", "200 publishes a second with a wrong key", 2000, _always(*_WRONG), rate=200,
               in_turn=True, stays=9.0),
    PortAttack("refused-and-dropped", "120 publishes a second with a wrong key, dropped at once", 1200,
               _always(*_WRONG), rate=120, in_turn=True, stays=0.0),
    PortAttack("chunks-malformed", "400 clients with wrong chunks", 400, _bad_chunks, rate=80, stays=0.5),
    PortAttack("amf-depth-400", "`connect` with 400 nested objects", 3, _deep(400), rate=1),
    PortAttack("amf-depth-40000", "`connect` with 40,000 nested objects", 3, _deep(40_000), rate=1),
    PortAttack("amf-lengths", "`connect` with lengths that are not true", 110, _one_of(_LENGTHS), rate=40,
               stays=0.5),
    PortAttack("amf-types", "`connect` with every AMF0 type", 272, _one_of(_TYPES), rate=80, stays=0.5),
    PortAttack("forged-lines", "20 clients whose tcUrl has control characters", 20, _always(*_FORGED),
               rate=20, in_turn=True, stays=0.5),
    PortAttack("unfinished-40x12MB", "40 messages of 12 MB that never end, on one connection", 1, _unfinished,
               stays=5.0),
)  # fmt: skip


def port_attack(name: str) -> PortAttack:
    """Return an attack by its name; KeyError for others."""
    return {attack.name: attack for attack in PORT_ATTACKS}[name]
