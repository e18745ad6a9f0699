"""The hook formats of SRS and nginx-rtmp, parsed into one type. Pure.

SRS posts JSON with the publisher's query in `param`. nginx-rtmp posts a form, which has the arguments of the
query as further fields. tests/data/ has hooks recorded from real servers.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from restream_agent.agent.identity import read_publisher
from restream_agent.agent.situation import Publisher

_KINDS = {
    "on_publish": "publish",
    "publish": "publish",
    "on_unpublish": "unpublish",
    "publish_done": "unpublish",
    "on_play": "play",
    "play": "play",
}


class HookError(ValueError):
    """The body is not a known hook. The message gives the reason and never quotes the body."""


@dataclass(frozen=True)
class Hook:
    """A hook. `kind` is publish, unpublish or play."""

    kind: str
    application: str
    publisher: Publisher
    key: str

    def __repr__(self) -> str:
        """Show neither the key nor the stream's name, in which users have typed their key."""
        return f"Hook({self.kind!r}, client={self.publisher.client_id!r}, from={self.publisher.address!r})"


class _SrsBody(BaseModel):
    """The fields of SRS's body that are used; other fields differ between its versions."""

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
        hook = _SrsBody.model_validate_json(body)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, detail["loc"])) or "the body" for detail in error.errors())
        raise HookError(f"not a hook of SRS: {fields}") from None
    publisher = _publisher(str(hook.client_id), hook.stream, hook.ip)
    return _hook(hook.action, hook.app, publisher, _query_key(hook.param))


def read_nginx(body: bytes) -> Hook:
    """Read nginx-rtmp's form; HookError if it is not a hook."""
    try:
        fields = _query(body.decode("utf-8"))
    except ValueError:
        raise HookError("not a form in UTF-8") from None
    # The publisher's arguments follow the fields of nginx-rtmp. The first field of a name counts, so that a
    # publisher cannot forge its address or id.
    values = {name: texts[0] for name, texts in fields.items()}
    missing = [name for name in ("call", "app", "name", "clientid") if name not in values]
    if missing:
        raise HookError(f"not a hook of nginx-rtmp: {', '.join(missing)}")
    publisher = _publisher(values["clientid"], values["name"], values.get("addr", ""))
    return _hook(values["call"], values["app"], publisher, values.get("key", ""))


def _query_key(param: str) -> str:
    try:
        return _query(param.removeprefix("?")).get("key", [""])[0]
    except ValueError:
        return ""


def _query(text: str) -> dict[str, list[str]]:
    """Parse a query. A plus sign stays a plus sign: OBS sends a key in base64 as it was typed."""
    return parse_qs(text.replace("+", "%2B"), keep_blank_values=True, max_num_fields=100)


def _hook(action: str, application: str, publisher: Publisher, key: str) -> Hook:
    kind = _KINDS.get(action)
    if kind is None:
        raise HookError("its action is not publish, unpublish or play")
    return Hook(kind, application, publisher, key)


def _publisher(client_id: str, stream: str, address: str) -> Publisher:
    try:
        return read_publisher(client_id, stream, address)
    except ValueError as error:
        raise HookError(str(error)) from None
