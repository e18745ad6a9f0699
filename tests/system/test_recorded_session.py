"""The terminal session of docs/first-broadcast.md, played in a real terminal: it prints what that file says.

`UPDATE_GOLDEN=1 pytest tests/system/test_recorded_session.py` records it anew.
"""

import os
import re
from contextlib import closing
from pathlib import Path

import pytest

from tests.demo.install import ETC, _install_wheel
from tests.lab.container import Container
from tests.lab.known_platforms import stand_in
from tests.lab.obs import Encoder, Obs
from tests.lab.terminal import Terminal

pytestmark = pytest.mark.system

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "first-broadcast.md"
KEYS = {"twitch": "live_4711_made-up", "youtube": "made-up-2222-3333"}
SECRET = "the-key-that-init-has-made-for-you"
"""What the document shows for the key of OBS, which is random."""

ANSWERS = (
    ("Enter for none yet):", "twitch youtube"),
    ("a picture with a message):", ""),
    ("[We will be right back]:", ""),
    ("[30min]:", ""),
    ("key for twitch (not shown):", KEYS["twitch"]),
    ("key for youtube (not shown):", KEYS["youtube"]),
    ("write this? [Y/n]:", ""),
    ("apply it now? [Y/n]:", ""),
)
MOST_COMMANDS = 6


def blocks(text: str) -> list[str]:
    """Return the recorded parts of the document."""
    return re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def likeness(screen: str) -> list[str]:
    """Return the lines without what differs from one run to the next: figures, and the width of columns."""
    lines = (re.sub(r"\d+min( \d+s)?", "0s", line) for line in screen.splitlines())
    lines = (re.sub(r"\d+(\.\d+)?", "0", line) for line in lines)
    lines = (re.sub(r"\[#*-*\].*", "[progress]", line) for line in lines)
    return [re.sub(r"\s+", " ", line).strip() for line in lines]


def settled(screen: str) -> str:
    """Return a screen on which live has been on for 20 s and both relays deliver; "" for any other.

    The relays have caught up by then. The watch draws every second and a busy machine misses some, so no
    single second is sure to be shown.
    """
    live = re.search(r"^LIVE for (?:\d+min.*|(\d+)s)$", screen, re.MULTILINE)
    is_long = live is not None and int(live[1] or 60) >= 20
    return screen if is_long and screen.count("delivering") == len(KEYS) else ""


def play(container: Container, terminal: Terminal) -> list[str]:
    """Play the session, and return what the terminal shows of each part."""
    terminal.type("restream-agent init")
    for question, words in ANSWERS:
        terminal.wait_for(question)
        terminal.type(words)
    container.wait_until(terminal.is_ready, 120, "init to end")
    first = terminal.text()
    terminal.type("restream-agent obs --show-key")
    container.wait_until(lambda: terminal.is_ready() and "--show-key" in terminal.text(), 30, "obs to end")
    second = terminal.text().removeprefix(first.removesuffix("$"))
    secret = container.read(f"{ETC}/credentials/ingest").strip()
    assert secret in second
    terminal.type("restream-agent status --watch")
    terminal.wait_shown("waiting for OBS")
    obs = Obs(container, f"rtmp://127.0.0.1:1935/live/main?key={secret}", Encoder(bitrate=6_000_000)).start()
    shown = container.wait_until(lambda: settled(terminal.screen()), 120, "20 s of live on both platforms")
    third = f"$ restream-agent status --watch\n{shown}"
    terminal.press("C-c")
    obs.stop()
    assert not [key for key in (*KEYS.values(), secret) if key in first + third]
    return [part.removesuffix("$").strip("\n").replace(secret, SECRET) for part in (first, second, third)]


def test_the_session_of_the_document_is_what_a_terminal_shows() -> None:
    """From `init` to `status --watch`, with at most six commands between installed and on air."""
    with Container() as container:
        _install_wheel(container)
        container.run(("rm", "-rf", "/usr/local/srs"))  # the document finds one server, as most people do
        for number, (preset, key) in enumerate(KEYS.items()):
            stand_in(container, preset, key=key, port=21000 + 10 * number, number=41 + number)
        with closing(Terminal(container, columns=100, rows=60)) as terminal:
            shown = play(container, terminal)
    text = DOCUMENT.read_text()
    if os.environ.get("UPDATE_GOLDEN"):
        for old, new in zip(blocks(text), shown, strict=True):
            text = text.replace(f"```console\n{old}```", f"```console\n{new}\n```")
        DOCUMENT.write_text(text)
    recorded = blocks(text)
    assert [likeness(part) for part in recorded] == [likeness(part) for part in shown]
    assert sum(line.startswith("$ ") for part in recorded for line in part.splitlines()) <= MOST_COMMANDS
