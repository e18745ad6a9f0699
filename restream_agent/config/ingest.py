"""The table `[ingest]`: the server that OBS sends to, and how long OBS may be silent."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import model_validator

from restream_agent.base import secret_text
from restream_agent.config import values
from restream_agent.config.complaints import complaints
from restream_agent.config.table import REQUIRED, SecretRef, Table, option
from restream_agent.config.value_types import ValueType, choice, span
from restream_agent.systemd.time_spans import format_span

IngestServer = Literal["srs", "nginx-rtmp"]

STALL = (0.2, 30)
SETTLE = (0, 60)
"""The bounds in seconds of the keys that a channel may have, too (channel.py)."""

KEY_HINT = f"make another: {secret_text.NEW_KEY}"
TOO_LATE = "otherwise the server closes OBS's connection before the fallback is shown"
"""The hint where `timeout` is not longer than `stall`."""


def stall() -> Any:
    """Declare the key `stall`."""
    return option(
        "1s",
        "If OBS stays connected but sends nothing for this long, viewers see the fallback.",
        example="1s",
    )


def settle() -> Any:
    """Declare the key `settle`."""
    return option(
        "0s", "How long OBS must have been sending before viewers see it, first or again.", example="0s"
    )


def read_ingest_key(value: object) -> object:
    """Read "any" as None; leave everything else to `SecretRef`."""
    return None if value == "any" else value


class Ingest(Table):
    """Where OBS sends to, and after how long a silence OBS counts as gone."""

    server: Annotated[IngestServer, choice(IngestServer)] = option(
        "srs", "The RTMP server that receives OBS's stream.", example="srs"
    )
    listen: Annotated[str, values.LISTEN] = option(
        "0.0.0.0:1935", "The address and port that OBS connects to.", example="0.0.0.0:1935"
    )
    key: Annotated[SecretRef | None, ValueType('secret or "any"', read_ingest_key)] = option(
        REQUIRED,
        "The key that OBS must send: set OBS's stream key to `main?key=SECRET`. "
        '`"any"` accepts every name and key.',
        example={"credential": "ingest"},
    )
    stall: Annotated[float, span(*STALL)] = stall()
    timeout: Annotated[float, span(0.2, 3600)] = option(
        "10s",
        "If OBS sends nothing for this long, the server closes OBS's connection. Must be longer than "
        "`stall`.",
        example="10s",
    )
    settle: Annotated[float, span(*SETTLE)] = settle()
    manage: bool = option(
        True,
        "`true` runs the server as `restream-ingest.service`; `false` only writes the server's "
        "configuration.",
        example=True,
    )
    binary: Annotated[Path, values.PATH] | None = option(
        None,
        "The server's executable. If left out, the usual places are searched.",
        example="/usr/local/srs/objs/srs",
    )

    @property
    def key_complaint(self) -> str:
        """Why OBS cannot send the key that the file has in the clear; "" if it can, or if it has none."""
        plain = self.key.plain.get_secret_value() if self.key and self.key.plain else ""
        return secret_text.obs_complaint(plain, self.server)

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a key that OBS cannot send, and a timeout that would end OBS before the stall is noticed."""
        if self.key_complaint:
            raise complaints("ingest", [("key", self.key_complaint, KEY_HINT)])
        if self.timeout <= self.stall and "timeout" in self.model_fields_set:
            raise complaints("ingest", [("timeout", "must be longer than stall", TOO_LATE)])
        if self.timeout <= self.stall:
            words = f"must be shorter than timeout, which is {format_span(self.timeout)}"
            raise complaints("ingest", [("stall", words, TOO_LATE)])
        return self
