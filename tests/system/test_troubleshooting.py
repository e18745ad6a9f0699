"""docs/troubleshooting.md: what it shows of the journal is caused here, and found in the journal."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.demo.install import INGEST_KEY, PROGRAM, PUBLISH_URL, install
from tests.demo.screen import Screen
from tests.lab.container import Container, end_group
from tests.lab.platform import PlatformServer
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

PROJECT = Path(__file__).parents[2]
LINE = re.compile(r"^\| `([\w-]+): ([^`]+)`", re.MULTILINE)
ANYTHING = re.compile(r"\b(?:ADDRESS|COLUMN|FILE|LINE|NAME|N|WORDS)\b")
HOLD = 8  # seconds
SERVER = "rtmp://127.0.0.1"
OTHERS = """
[platforms.beta]
url = "rtmp://no-such.invalid/app"
key = { credential = "alpha" }

[platforms.gamma]
url = "rtmp://127.0.0.1:9/app"
key = { credential = "alpha" }
"""
SLOW = (
    "publish refused: from ADDRESS, two publishers are fighting for the stream",
    "now fallback (stall, WORDS)",
    "now fallback (overrun, WORDS)",
    "giving up: N attempts in N min have failed",
    "systemctl kill ffmpeg-relay@NAME.service: has delivered nothing for too long",
)
"""Lines whose causes take minutes: tests/chaos and tests/publishers have them. The words are in the code."""


def told() -> list[tuple[str, str]]:
    """Return the lines of the page: what writes them, and their words."""
    found = LINE.findall((PROJECT / "docs/troubleshooting.md").read_text())
    return [(writer, words.strip()) for writer, words in found]


def fixed_words(line: str) -> list[str]:
    """Return the words of a line between those that stand for anything."""
    return [words for words in ANYTHING.split(line) if words]


def pattern(writer: str, line: str) -> str:
    """Return the regular expression for a line of the page as journalctl shows it."""
    said = ".*".join(map(re.escape, fixed_words(line)))
    return rf"{'relay-[a-z]+' if writer == 'relay-NAME' else writer}\[\d+\]: *.*{said}"


class Mistakes:
    """What goes wrong on one machine: each method waits for what the journal says of it."""

    def __init__(self, installation: Installation) -> None:
        self._installation, self._container = installation, installation.container

    def heard(self, words: str) -> None:
        """Wait for words in the journal."""
        self._container.wait_until(lambda: words in self._container.journal(), 60, words)

    def publish(self, url: str, words: str) -> None:
        """Publish a silent picture until the journal has the words."""
        picture = ("-re", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30")
        encoder = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p")
        ffmpeg = self._container.popen(("ffmpeg", "-v", "error", *picture, *encoder, "-f", "flv", url))
        try:
            self.heard(words)
            if url == PUBLISH_URL:
                self.while_live()
        finally:
            end_group(ffmpeg)

    def while_live(self) -> None:
        """A picture without sound, the fallback by hand, and a killed program."""
        self.heard("silence is sent")
        self.heard("in use from the next hand-off")
        self._installation.product("fallback", "on")
        self.heard("now fallback (break")
        self._installation.product("fallback", "off")
        self.heard("now live (return")
        self._container.run(("systemctl", "kill", "--signal=KILL", "fallback.service"))
        self.heard("connection kept across the restart")

    def in_obs(self) -> None:
        """What people type."""
        self.publish(f"{SERVER}/live/main?key=another", "wrong key")
        self.publish(f"{SERVER}/live/main", "no key came")
        self.publish(f"{SERVER}/live/{INGEST_KEY}", "the key alone")
        self.publish(f"{SERVER}/main/main?key={INGEST_KEY}", 'the application is "main"')
        self.publish(f"{SERVER}/other/main?key={INGEST_KEY}", "the application is not live")
        self.publish(SERVER, "without an application")

    def at_platforms(self) -> None:
        """A wrong key, a wrong name, a wrong port; then the right key."""
        self.set_key("another-key")
        self._installation.product("on-air")
        for words in ("as for a wrong key", "does not resolve", "accepts no connection on this port"):
            self.heard(words)
        self.set_key("alpha-key")
        self._installation.wait_on_air(("alpha",))

    def set_key(self, key: str) -> None:
        """Give the platforms' relays another key."""
        self._container.run((PROGRAM, "secret", "set", "alpha"), input=f"{key}\n")
        self._installation.product("apply")

    def on_the_machine(self) -> None:
        """A mistake in the TOML, polkit away, the ingest server away."""
        good = self._container.read(TOML)
        self._container.write(TOML, good.replace("[fallback]", "[falback]"))
        self.heard("an edit of the TOML could not be applied")
        self._container.write(TOML, good)
        self._container.run(("systemctl", "mask", "--runtime", "--now", "polkit.service"))
        self.publish(f"{PUBLISH_URL}&again=1", "Failed to start restream.target")
        self._container.run(("systemctl", "stop", "restream-ingest.service"))
        self.heard("accepts no connections")


@pytest.fixture(scope="module")
def journal() -> Iterator[str]:
    """Make every mistake once, and return the journal."""
    with Container() as container:
        alpha = PlatformServer(container, "alpha", key="alpha-key", port=21000)
        alpha.start()
        install(container, "nginx-rtmp", (alpha,), Screen(), HOLD)
        container.write(TOML, container.read(TOML) + OTHERS)
        installation = Installation(container, "nginx-rtmp", {"alpha": alpha}, container.read(TOML))
        mistakes = Mistakes(installation)
        mistakes.in_obs()
        mistakes.at_platforms()
        mistakes.publish(PUBLISH_URL, "now live")
        mistakes.heard("Finished restream-off-air.service")
        mistakes.on_the_machine()
        yield container.run(("journalctl", "--no-pager", "-o", "short")).stdout


@pytest.mark.parametrize(("writer", "line"), [line for line in told() if line[1] not in SLOW])
def test_the_journal_says_what_the_page_shows(journal: str, writer: str, line: str) -> None:
    """In the words of the page, by the unit that it names."""
    assert re.search(pattern(writer, line), journal), line


@pytest.mark.parametrize("line", SLOW)
def test_the_words_of_a_slow_failure_are_in_the_code(line: str) -> None:
    """And on the page."""
    assert line in [words for _, words in told()]
    code = "".join(path.read_text() for path in (PROJECT / "restream_agent").rglob("*.py"))
    most = max(fixed_words(line.partition(": ")[2] or line), key=len).strip(" ,:()")
    assert all(word in code for word in most.partition("(")[2].split() or (most,)), most
