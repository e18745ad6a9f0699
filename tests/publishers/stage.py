"""A broadcast for publishers: the container, the product in it, two platforms, and what a case may do."""

import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Any

from restream_agent.systemd import unit_names
from tests.demo.install import ETC, INGEST_KEY, PROGRAM, install
from tests.demo.screen import Screen
from tests.lab import marks, network
from tests.lab.container import Container
from tests.lab.deadline import PATIENCE, LabError
from tests.lab.platform import PlatformServer
from tests.lab.rtmp import AUDIO, VIDEO
from tests.lab.script import Manners, ScriptStep
from tests.lab.scripted import ScriptedPublisher
from tests.publishers import scripts

NAMES = ("alpha", "beta")
FIRST_PORT = 21000
TOML = f"{ETC}/restream.toml"
KEYED = f"main?key={INGEST_KEY}"
HOLD_SECONDS = 90
PREPARED = "/var/lib/restream-agent/fallback"
LOOK_SECONDS = 0.05
LOOK_FOR_SECONDS = 3.0  # shorter than the states in which a case looks
PUBLISH_SECONDS = 10.0
TAIL_SECONDS = 1.0  # after the publisher's last tag


class PublisherStage:
    """Everything that a case may act on. What it notes is for the judge."""

    def __init__(self, container: Container, server: str, screen: Screen) -> None:
        self.container, self.server, self.screen = container, server, screen
        self.platforms = {
            name: PlatformServer(
                container, name, key=f"{name}-key", port=FIRST_PORT + 10 * at, host=f"{name}.test",
                records=False,
            )
            for at, name in enumerate(NAMES)
        }  # fmt: skip
        self._cursor = ""
        self.clear()

    def build(self) -> None:
        """Install the product; nothing is on air yet."""
        for platform in self.platforms.values():
            network.know_name(self.container, platform.host)
            platform.start()
        install(self.container, self.server, tuple(self.platforms.values()), self.screen, HOLD_SECONDS)

    def clear(self) -> None:
        """Forget the last case."""
        self.publishers: list[ScriptedPublisher] = []
        self.said: list[str] = []
        self.statuses: list[dict[str, Any]] = []
        self.complaints: list[str] = []
        self.cut_off = ""
        self.counts: dict[str, float] = {}
        self.joined: float | None = None
        self.back: float | None = None
        self.awaited: tuple[str, ...] = ()
        self.begun = time.monotonic()
        for platform in self.platforms.values():
            platform.reader.update()
            platform.reader.forget(self.begun)

    def reset(self) -> None:
        """End the broadcast and the publishers, and begin a case off air."""
        for publisher in self.publishers:
            publisher.kill()
        self.product("off-air", check=False)
        self.wait(lambda: not self.has_connections(), 15, "the platforms' connections to end")
        self.container.run(("journalctl", "--sync"), check=False)
        mark = self.container.run(("journalctl", "-n", "0", "--show-cursor")).stdout
        self._cursor = mark.partition("cursor: ")[2].strip()
        self.clear()

    def has_connections(self) -> bool:
        """Tell whether a platform has an open connection with media."""
        return any(
            one.closed is None and one.has_media()
            for platform in self.platforms.values()
            for one in platform.reader.update()
        )

    def publish(self, steps: Sequence[ScriptStep], manners: Manners | None = None) -> ScriptedPublisher:
        """Start a publisher, with the right key unless the manners say otherwise."""
        marked = scripts.numbered(steps, len(self.publishers))
        publisher = ScriptedPublisher(self.container, manners or Manners(name=KEYED), marked)
        self.publishers.append(publisher)
        return publisher.start()

    def run(
        self,
        steps: Sequence[ScriptStep],
        *events: tuple[float, Callable[["PublisherStage"], None]],
        manners: Manners | None = None,
    ) -> None:
        """Publish a script to its end, and do each event so many seconds after the publish was accepted."""
        publisher = self.publish(steps, manners)
        self.wait(lambda: publisher.published() or publisher.end(), PUBLISH_SECONDS, "a publish")
        published = publisher.published()
        if published is None:
            ended = publisher.end()
            assert ended is not None
            raise LabError(f"the publisher was not accepted: {ended.what} {ended.words}")
        for at, act in sorted(events, key=lambda event: event[0]):
            self.sleep_until(published + at)
            act(self)
        last = max((step.at for step in steps), default=0.0)
        self.sleep_until(published + last)
        ended = publisher.wait_end(5)
        if ended.what != "done":
            self.cut_off = f"{ended.what} {ended.words}"
        self.sleep_until(time.monotonic() + TAIL_SECONDS)

    def look(self) -> None:
        """Note what `status` says, in words and as JSON, until it has said all that the case awaits.

        A busy machine says it later; after LOOK_FOR_SECONDS the judge finds what is lacking.
        """
        deadline = time.monotonic() + LOOK_FOR_SECONDS
        while True:
            self.said.append(self.product("status", check=False))
            self.statuses.append(json.loads(self.product("status", "--json", check=False) or "{}"))
            words = "\n".join(self.said)
            if all(re.search(one, words, re.IGNORECASE) for one in self.awaited):
                return
            if time.monotonic() >= deadline:
                return
            time.sleep(LOOK_SECONDS)

    def shows_live(self, name: str = NAMES[0]) -> bool:
        """Tell whether a platform has live frames of both tracks since the case began."""
        reader = self.platforms[name].reader
        reader.update()
        live = (one for one in reader.media() if marks.number_in(one.payload) is not None)
        return {one.kind for one in live} == {AUDIO, VIDEO}

    def join(self) -> None:
        """Have the second platform's relay begin anew: it joins the broadcast now."""
        self.container.run(("systemctl", "restart", "ffmpeg-relay@beta.service"))
        self.joined = time.monotonic()

    def break_off(self) -> None:
        """Ask for the fallback."""
        self.product("fallback", "on")

    def resume(self) -> None:
        """Ask for live again, and note when: live may be back before the command has ended."""
        self.note_back()
        self.product("fallback", "off")

    def note_back(self) -> None:
        """Note that from now on live can come back."""
        self.back = time.monotonic()

    def journal(self) -> list[str]:
        """Return the journal's lines since the case began."""
        self.container.run(("journalctl", "--sync"), check=False)
        after = (f"--after-cursor={self._cursor}",) if self._cursor else ()
        lines = self.container.run(("journalctl", "--no-pager", "-q", "-o", "short-monotonic", *after))
        return lines.stdout.splitlines()

    def prepared(self) -> frozenset[str]:
        """Return the names of the fallback videos that the product has prepared and kept."""
        found = self.container.run(("find", PREPARED, "-type", "f", "-name", "*.flv"), check=False)
        return frozenset(found.stdout.split())

    def is_preparing(self) -> bool:
        """Tell whether a fallback video is being prepared for what was published."""
        shown = ("systemctl", "show", "--value", "--property=ActiveState", unit_names.PREPARE_UNIT)
        return self.container.run(shown).stdout.strip() not in ("inactive", "failed")

    def product(self, *arguments: str, check: bool = True) -> str:
        """Run restream-agent inside and return what it printed."""
        return self.container.run((PROGRAM, *arguments), timeout=120, check=check).stdout

    def sleep_until(self, moment: float) -> None:
        """Sleep until a time of the monotonic clock: the script plays meanwhile."""
        while (left := moment - time.monotonic()) > 0:
            time.sleep(min(left, LOOK_SECONDS))

    def wait(self, predicate: Callable[[], object], timeout: float, what: str) -> None:
        """Poll until the predicate is true; LabError after `timeout` (in seconds, times PATIENCE)."""
        deadline = time.monotonic() + timeout * PATIENCE
        while not predicate():
            if time.monotonic() >= deadline:
                raise LabError(f"timed out after {timeout * PATIENCE:g} s waiting for {what}")
            time.sleep(LOOK_SECONDS)
