"""The hook formats of SRS and nginx-rtmp, parsed into one type. Pure.

SRS posts JSON with the publisher's query in `param`. nginx-rtmp posts a form, which has the arguments of the
query as further fields. tests/data/ has hooks recorded from real servers.
"""

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from restream_agent.agent.identity import read_publisher
from restream_agent.agent.situation import Publisher
from restream_agent.agent.typed_address import TypedAddress, on_nginx, on_srs, parse_query

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
    """A hook. `kind` is publish, unpublish or play.

    `keys` are the texts that may be the key. `complaint` says why nobody can be accepted at the address that
    was typed, "" if somebody can. `is_renamed` says that the server has the stream under another name.
    """

    kind: str
    application: str
    publisher: Publisher
    keys: tuple[str, ...] = ()
    complaint: str = ""
    is_renamed: bool = False

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
    url: str = Field(default="", alias="tcUrl")
    ip: str = Field(default="", max_length=100)


def read_srs(body: bytes) -> Hook:
    """Read SRS's JSON; HookError if it is not a hook."""
    try:
        hook = _SrsBody.model_validate_json(body)
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, detail["loc"])) or "the body" for detail in error.errors())
        raise HookError(f"not a hook of SRS: {fields}") from None
    address = on_srs(hook.app, hook.stream, hook.param, hook.url)
    return _hook(hook.action, address, str(hook.client_id), hook.ip, name=hook.stream)


def read_nginx(body: bytes) -> Hook:
    """Read nginx-rtmp's form; HookError if it is not a hook."""
    try:
        fields = parse_query(body.decode("utf-8"))
    except ValueError:
        raise HookError("not a form in UTF-8") from None
    # The publisher's arguments follow the fields of nginx-rtmp. The first field of a name counts, so that a
    # publisher cannot forge its address or id.
    values = {name: texts[0] for name, texts in fields.items()}
    missing = [name for name in ("call", "app", "clientid") if name not in values]
    if missing:
        raise HookError(f"not a hook of nginx-rtmp: {', '.join(missing)}")
    keys = (values["key"],) if "key" in values else ()
    name = values.get("name", "")  # left out of publish_done if it is empty: it is in the URL then
    address = on_nginx(values["app"], name, keys, values.get("tcurl", ""))
    return _hook(values["call"], address, values["clientid"], values.get("addr", ""), name=name)


def _hook(action: str, typed: TypedAddress, client_id: str, sender: str, *, name: str) -> Hook:
    kind = _KINDS.get(action)
    if kind is None:
        raise HookError("its action is not publish, unpublish or play")
    try:
        publisher = read_publisher(client_id, typed.stream, sender)
    except ValueError as error:
        raise HookError(str(error)) from None
    is_renamed = typed.stream != name
    return Hook(kind, typed.application, publisher, typed.keys, typed.complaint, is_renamed)
