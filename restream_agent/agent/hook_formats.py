"""The two dialects of hooks, read into one event. Pure.

SRS posts JSON with the publisher's query in `param`; nginx-rtmp posts a form with the query's
arguments as fields of their own. Contract: payloads recorded from a real SRS in tests/data/.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from restream_agent.agent.decide import Publisher

_KINDS = {
    "on_publish": "publish",
    "publish": "publish",
    "on_unpublish": "unpublish",
    "publish_done": "unpublish",
    "on_play": "play",
    "play": "play",
}


class HookError(ValueError):
    """The body is no hook that we know; the message says why and never quotes the body."""


@dataclass(frozen=True)
class Hook:
    """One hook: `kind` is publish, unpublish or play. The key is not in the repr."""

    kind: str
    application: str
    publisher: Publisher
    key: str

    def __repr__(self) -> str:
        """Show all but the key and the stream's name, which careless users put the key into."""
        return f"Hook({self.kind!r}, client={self.publisher.client_id!r}, from={self.publisher.address!r})"


class _SrsBody(BaseModel):
    """What is used of SRS's body; other fields come and go with its versions."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    action: str
    client_id: str | int
    app: str
    stream: str = ""
    param: str = ""
    ip: str = Field(default="", max_length=100)


def read_srs(body: bytes) -> Hook:
    """Read SRS's JSON; HookError if it is not a hook."""
    try:
        read = _SrsBody.model_validate_json(body)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, one["loc"])) or "the body" for one in error.errors())
        raise HookError(f"not a hook of SRS: {fields}") from None
    key = _query_key(read.param)
    return _hook(read.action, read.app, Publisher(str(read.client_id), read.stream, read.ip), key)


def read_nginx(body: bytes) -> Hook:
    """Read nginx-rtmp's form; HookError if it is not a hook."""
    try:
        fields = _query(body.decode("utf-8"))
    except ValueError:
        raise HookError("not a form in UTF-8") from None
    # The publisher's own arguments stand after nginx's fields, and must not forge its address or id.
    values = {name: found[0] for name, found in fields.items()}
    missing = [name for name in ("call", "app", "name", "clientid") if name not in values]
    if missing:
        raise HookError(f"not a hook of nginx-rtmp: {', '.join(missing)}")
    publisher = Publisher(values["clientid"], values["name"], values.get("addr", "")[:100])
    return _hook(values["call"], values["app"], publisher, values.get("key", ""))


def _query_key(param: str) -> str:
    try:
        return _query(param.removeprefix("?")).get("key", [""])[0]
    except ValueError:
        return ""


def _query(text: str) -> dict[str, list[str]]:
    """Read a query; a plus sign is one, since a key is typed into OBS as it is (base64 has them)."""
    return parse_qs(text.replace("+", "%2B"), keep_blank_values=True, max_num_fields=100)


def _hook(action: str, application: str, publisher: Publisher, key: str) -> Hook:
    kind = _KINDS.get(action)
    if kind is None:
        raise HookError("an action that is not ours")
    if not re.fullmatch(r"[A-Za-z0-9._:-]{1,100}", publisher.client_id):
        raise HookError("a client id that is none")
    return Hook(kind, application, publisher, key)
