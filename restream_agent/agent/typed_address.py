"""What was typed into OBS: the application, the stream's name and the key, wherever they were put. Pure.

OBS has two fields, a server and a stream key, and people put the parts of `rtmp://HOST/live/main?key=KEY`
into either. An address that both servers can serve is accepted; for every other address there is a sentence
that says what came. No sentence quotes what was typed, because a key may be in any part of it.

SRS serves an address as it has read it, so its application and name count. nginx-rtmp is told to serve every
application as `live` (templates/nginx-rtmp.conf.j2) and takes another name from the agent, so there the
client's own URL (tcUrl) says what was typed.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from restream_agent.base.obs_words import NO_NAME

APPLICATION = "live"

_NO_APPLICATION = "the server's URL ends without an application"
_GOES_ON = f"the server's URL goes on after /{APPLICATION}"
_CUT = "the stream key has a slash, at which SRS cuts it"
_URL = "the stream key is a whole URL"
_BLANK = "the stream key has a blank, or another character with which SRS does not read it"
_CAPITALS = f"the application is not {APPLICATION} in small letters"
_OTHER = f"the application is not {APPLICATION}"

_KNOWN = frozenset(("app", "ingest", "input", "main", "obs", "publish", "rtmp", "stream"))
"""Applications that a sentence may quote: words that people type, and no keys."""

_NO_WORDS = ("", "__defaultApp__")
"""No application; SRS 6 has a name for that."""

_SERVER = re.compile(r"\s*[A-Za-z0-9+.-]+://[^/?#]*")
_LONGEST_URL = 4096
"""Characters of a URL that are looked at."""


@dataclass(frozen=True)
class TypedAddress:
    """Where a publisher publishes, and with which keys.

    `complaint` says why no publisher can be accepted there, "" if one can. `keys` are the texts that may be
    the key, none twice: a publisher is accepted if one of them is right.
    """

    application: str
    stream: str
    keys: tuple[str, ...]
    complaint: str = ""


def on_srs(application: str, stream: str, query: str, url: str) -> TypedAddress:
    """Return the address from a hook of SRS: what SRS has made of the client's `url`, and the URL itself.

    SRS adds the URL's query to that of the stream, so a key on the server's URL comes as "?key=KEY?key=KEY".
    With a blank in the stream key, SRS serves all of it as the stream's name, blanks removed.
    """
    typed, url_query = _parts(url)
    keys = _keys(_values(query.removeprefix("?")), _values(url_query))
    if application == APPLICATION:
        complaint = "" if stream else NO_NAME
        return TypedAddress(application, stream, keys, _BLANK if "?" in stream else complaint)
    if typed == (APPLICATION,):  # the rest was in the stream key
        complaint = _URL if "rtmp:" in application.casefold() else _CUT
    else:
        complaint = _application_complaint(_segments(application))
    return TypedAddress(application, stream, keys, complaint)


def on_nginx(application: str, stream: str, keys: tuple[str, ...], url: str) -> TypedAddress:
    """Return the address from a hook of nginx-rtmp: its fields, and the client's `url`.

    The stream of a whole URL is in the URL, and the name is empty.
    """
    typed, url_query = _parts(url)
    keys = _keys(keys, _values(url_query))
    name = "".join(stream.split()).strip("/")
    if "://" in name:
        return TypedAddress(application, stream, keys, _URL)
    if not url.strip():
        typed = _segments(application)
    if len(typed) == 2 and typed[0] == APPLICATION and not name:
        return TypedAddress(APPLICATION, typed[1], keys)
    if typed == (APPLICATION,):
        return TypedAddress(APPLICATION, name, keys, "" if name else NO_NAME)
    return TypedAddress("/".join(typed), name, keys, _application_complaint(typed))


def _application_complaint(typed: tuple[str, ...]) -> str:
    """Say what is wrong with an application of these parts, which is not `live` alone."""
    application = typed[0] if typed else ""
    if application in _NO_WORDS:
        return _NO_APPLICATION
    if application == APPLICATION:
        return _GOES_ON
    if application.casefold() == APPLICATION:
        return _CAPITALS
    return f'the application is "{application}"' if application in _KNOWN else _OTHER


def _parts(url: str) -> tuple[tuple[str, ...], str]:
    """Return the parts of a URL's path, and its query."""
    path, _, query = _SERVER.sub("", url[:_LONGEST_URL], count=1).partition("?")
    return _segments(path), query


def _segments(path: str) -> tuple[str, ...]:
    """Return the parts of a path without what servers leave out: blanks, "_definst_", doubled slashes."""
    parts = ("".join(part.split()) for part in path.split("/"))
    return tuple(part for part in parts if part and part != "_definst_")


def _keys(*found: tuple[str, ...]) -> tuple[str, ...]:
    """Return keys without the blanks around them; no key has any (base/secret_text.py)."""
    stripped = (key.strip() for keys in found for key in keys)
    return tuple(dict.fromkeys(key for key in stripped if key))


def _values(query: str) -> tuple[str, ...]:
    """Return the value of "key" in a query, if it has one."""
    try:
        return tuple(parse_query(query).get("key", ())[:1])
    except ValueError:
        return ()


def parse_query(text: str) -> dict[str, list[str]]:
    """Parse a query. A plus sign stays a plus sign: OBS sends a key in base64 as it was typed."""
    return parse_qs(text.replace("+", "%2B"), keep_blank_values=True, max_num_fields=100)
