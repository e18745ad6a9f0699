"""Cases of the door: what people type into OBS. Each is accepted, or said in the journal and in `status`."""

import re
import time

from tests.demo.install import ETC, INGEST_KEY, PROGRAM
from tests.lab import marks
from tests.lab.script import Manners
from tests.publishers.case import Expectation, Play, PublisherCase
from tests.publishers.cases_tracks import ordinary
from tests.publishers.stage import KEYED, PublisherStage

HOST = "rtmp://127.0.0.1"
SLASHED = "with/a+slash"
SECONDS = 4.5
LOOK_AFTER = 3.5
SAID = re.compile(r"refused.*127\.0\.0\.1|127\.0\.0\.1.*refused", re.IGNORECASE)

ANYTHING = Expectation(
    sources=None, connections=None, sync_ms=None, pace_ms=None, first_ms=None, missing=None, tracks=(),
    live_tracks=(), codecs=None, decode_messages=None, never=("Traceback", re.escape(INGEST_KEY)),
)  # fmt: skip


def _tries(manners: Manners) -> Play:
    """Return what publishes so, and complains if that is neither live nor said."""

    def play(stage: PublisherStage) -> None:
        publisher = stage.publish(ordinary(SECONDS), manners)
        stage.sleep_until(time.monotonic() + LOOK_AFTER)
        stage.look()
        ended = publisher.end()
        if _is_live(stage):
            return
        words = "still there" if ended is None else f"{ended.what} {ended.words}".strip()
        if not any(SAID.search(line) for line in stage.journal()):
            stage.complaints.append(f"neither live nor a line in the journal; the publisher: {words}")
        if "refused" not in "\n".join(stage.said):
            stage.complaints.append(f"neither live nor a word in `status`; the publisher: {words}")

    return play


def have_a_slash_in_the_key(stage: PublisherStage) -> None:
    """Set a key with a slash: `check` refuses it and says why, or a publisher with it is live."""
    credential = f"{ETC}/credentials/ingest"
    try:
        stage.container.write(credential, f"{SLASHED}\n", mode=0o600)
        checked = stage.container.run((PROGRAM, "check"), check=False)
        if checked.returncode == 0:
            stage.product("apply")
            _tries(Manners(name=f"main?key={SLASHED}"))(stage)
        elif "/" not in checked.stdout + checked.stderr:
            stage.complaints.append("`check` refuses the key and does not name the slash")
    finally:
        stage.container.write(credential, f"{INGEST_KEY}\n", mode=0o600)
        stage.product("apply")


def _is_live(stage: PublisherStage) -> bool:
    return any(marks.number_in(one.payload) is not None for one in stage.platforms["alpha"].reader.media())


def _case(name: str, text: str, manners: Manners) -> PublisherCase:
    return PublisherCase(name, text, 19, _tries(manners), ANYTHING)


CASES = (
    _case(
        "door-whole-url",
        "the whole URL as server, the key is empty",
        Manners(application=f"live/{KEYED}", url=f"{HOST}/live/{KEYED}", name=""),
    ),
    _case("door-slash", "a slash at the end", Manners(application="live/", url=f"{HOST}/live/", name=KEYED)),
    _case("door-main", "application main", Manners(application="main", name=KEYED)),
    _case("door-none", "no application", Manners(application="", url=f"{HOST}/", name=KEYED)),
    _case("door-capitals", "application LIVE", Manners(application="LIVE", name=KEYED)),
    _case(
        "door-key-on-url",
        "the key on the server's URL, stream main",
        Manners(application=f"live?key={INGEST_KEY}", url=f"{HOST}/live?key={INGEST_KEY}", name="main"),
    ),
    _case("door-key-in-publish", "the key only in publish", Manners(name=KEYED, early="main")),
    _case("door-no-fcpublish", "no FCPublish at all", Manners(name=KEYED, early="")),
    PublisherCase("door-slash-in-key", "a key with a slash", 18, have_a_slash_in_the_key, ANYTHING),
    _case("door-blank", "a blank after the key", Manners(name=f"{KEYED} ")),
    _case("door-no-key", "no key", Manners(name="main")),
    _case("door-wrong-key", "a wrong key", Manners(name="main?key=wrong")),
)
