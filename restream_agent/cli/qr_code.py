"""A QR code for a phone, drawn with characters: OBS's server and key, or a link that sets up an app."""

import io
import json
from typing import Literal, get_args
from urllib.parse import quote

import click

App = Literal["larix", "moblin"]
APPS: tuple[App, ...] = get_args(App)


def content(address: str, channel: str, app: App | None) -> str:
    """Return what the code says: the whole address with its key, or an app's link with it.

    Larix Broadcaster calls its links Grove (softvelum.com/larix/grove); Moblin makes its own in its settings,
    "Deep link creator".
    """
    name = f"restream-agent {channel}"
    if app == "larix":
        return f"larix://set/v1?conn[][url]={quote(address, safe='')}&conn[][name]={quote(name)}"
    if app == "moblin":
        return f"moblin://?{quote(json.dumps({'streams': [{'name': name, 'url': address}]}))}"
    return address


def drawn(text: str) -> str:
    """Return the code in lines of half blocks, white on black whatever the terminal's colours are.

    Its light parts are drawn. Some cameras find no code of which light and dark are swapped, as they would be
    on a light terminal without colours.
    """
    import segno

    drawing = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawing, border=2, compact=True)
    lines = drawing.getvalue().rstrip("\n").split("\n")
    return "\n".join(click.style(line, fg="bright_white", bg="black") for line in lines)
