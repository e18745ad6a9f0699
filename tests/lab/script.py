"""What a scripted publisher does, as plain data, and the file that tells it. Pure; standard library only.

The file has a line of JSON (`Manners`) and then the steps: when, kind, timestamp, length, body.
"""

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

from tests.lab.rtmp import AUDIO, DATA, VIDEO

_STEP = struct.Struct(">QBII")  # microseconds after the publish, kind, timestamp in ms, bytes of the body
_MICRO = 1_000_000
_CLOCK = 1 << 32

LANES = {AUDIO: 4, VIDEO: 4, DATA: 4}
"""The chunk streams of OBS: one for all."""


@dataclass(frozen=True)
class Manners:
    """How a publisher introduces itself, chunks its messages and leaves.

    `url` is the tcUrl if that is not what the application says; `early` is the name in releaseStream and
    FCPublish: None for the stream's name, "" for not sending them. `is_compact` uses all types of chunk
    headers, not only the full one. At the end the publisher unpublishes (`leaves` is "unpublish"), or closes
    the connection without a word ("close").
    """

    application: str = "live"
    name: str = "main"
    url: str | None = None
    early: str | None = None
    chunk_size: int = 4096
    lanes: Mapping[int, int] = field(default_factory=lambda: dict(LANES))
    is_compact: bool = True
    leaves: str = "unpublish"


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One tag: sent `at` seconds after the publish. `moment` is when it was true, in ms, for judges."""

    at: float
    kind: int
    timestamp: int
    body: bytes
    moment: float = 0.0


def written(manners: Manners, steps: Sequence[ScriptStep]) -> bytes:
    """Return the file; steps are sent in their order, each at its time or as soon as possible after it."""
    head = json.dumps(asdict(manners)).encode() + b"\n"
    return head + b"".join(_record(step) for step in steps)


def read(data: bytes) -> tuple[Manners, list[ScriptStep]]:
    """Read a file that `written` made."""
    end = data.index(b"\n")
    table = json.loads(data[:end])
    lanes = {int(kind): lane for kind, lane in table.pop("lanes").items()}
    return Manners(**table, lanes=lanes), list(_steps(memoryview(data)[end + 1 :]))


def _record(step: ScriptStep) -> bytes:
    return _STEP.pack(round(step.at * _MICRO), step.kind, step.timestamp % _CLOCK, len(step.body)) + step.body


def _steps(data: memoryview) -> Iterator[ScriptStep]:
    position = 0
    while position < len(data):
        micro, kind, timestamp, length = _STEP.unpack_from(data, position)
        position += _STEP.size
        yield ScriptStep(micro / _MICRO, kind, timestamp, bytes(data[position : position + length]))
        position += length
