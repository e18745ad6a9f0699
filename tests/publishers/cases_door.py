"""Cases of the door: what people type into OBS. Each is accepted, or said in the journal and in `status`."""

import math
import re
import time
from collections.abc import Iterator
from dataclasses import replace

from tests.demo.install import ETC, INGEST_KEY, PROGRAM
from tests.lab.deadline import LabError
from tests.lab.script import Manners
from tests.publishers.case import Expectation, Play, PublisherCase
from tests.publishers.cases_tracks import ordinary
from tests.publishers.stage import KEYED, PublisherStage

HOST = "rtmp://127.0.0.1"
SLASHED = "with/a+slash"
ANSWER_SECONDS = 10.0
SECONDS = 40.0  # longer than the wait for an answer: whoever is accepted is still there then
SAID = re.compile(r"refused.*127\.0\.0\.1|127\.0\.0\.1.*refused", re.IGNORECASE)
BOTH = ("srs", "nginx-rtmp")

NO_SECRET = ("Traceback", re.escape(INGEST_KEY), re.escape(SLASHED))
ACCEPTED = Expectation(sync_ms=None, pace_ms=None, tracks=(), never=NO_SECRET)
REFUSED = Expectation(
    sources=(), connections=0, sync_ms=None, pace_ms=None, first_ms=None, missing=None, tracks=(),
    live_tracks=(), codecs=None, decode_messages=None, never=NO_SECRET,
)  # fmt: skip


def _tries(manners: Manners) -> Play:
    """Return what publishes so until it is live or its refusal is said, and complains of neither."""

    def play(stage: PublisherStage) -> None:
        publisher = stage.publish(ordinary(SECONDS), manners)
        try:
            stage.wait(lambda: stage.shows_live() or is_said(stage), ANSWER_SECONDS, "an answer")
        except LabError:
            ended = publisher.end()
            words = "still there" if ended is None else f"{ended.what} {ended.words}".strip()
            places = [place for place, is_there in _places(stage) if not is_there]
            stage.complaints.append(
                f"neither live nor said in {' and '.join(places)}; the publisher: {words}"
            )

    return play


def is_said(stage: PublisherStage) -> bool:
    """Tell whether the refusal of this case's publisher is said wherever it should be."""
    return all(is_there for _, is_there in _places(stage))


def _places(stage: PublisherStage) -> Iterator[tuple[str, bool]]:
    """Return where a refusal is said, and whether one since the case began is there."""
    yield "the journal", any(SAID.search(line) for line in stage.journal())
    stage.look()
    refusal = stage.statuses[-1].get("refusal") or {"ago": math.inf}
    yield "`status`", refusal["ago"] < time.monotonic() - stage.begun


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


def _case(
    name: str, text: str, manners: Manners, *, refused_on: tuple[str, ...] = (), reason: str = ""
) -> PublisherCase:
    """Return the case of an address: accepted, or refused with this reason in `status` and the journal."""
    refused = replace(REFUSED, says=(reason,), logs=(reason,))
    return PublisherCase(name, text, 19, _tries(manners), ACCEPTED, not_on=refused_on, named=refused)


CASES = (
    _case(
        "door-whole-url",
        "the whole URL as server, the key is empty",
        Manners(application=f"live/{KEYED}", url=f"{HOST}/live/{KEYED}", name=""),
    ),
    _case("door-slash", "a slash at the end", Manners(application="live/", url=f"{HOST}/live/", name=KEYED)),
    _case(
        "door-main",
        "application main",
        Manners(application="main", name=KEYED),
        refused_on=BOTH,
        reason='the application is "main"',
    ),
    _case(
        "door-none",
        "no application",
        Manners(application="", url=f"{HOST}/", name=KEYED),
        refused_on=BOTH,
        reason="ends without an application",
    ),
    _case(
        "door-capitals",
        "application LIVE",
        Manners(application="LIVE", name=KEYED),
        refused_on=BOTH,
        reason="not live in small letters",
    ),
    _case(
        "door-key-on-url",
        "the key on the server's URL, stream main",
        Manners(application=f"live?key={INGEST_KEY}", url=f"{HOST}/live?key={INGEST_KEY}", name="main"),
    ),
    _case(
        "door-key-in-publish",
        "the key only in publish",
        Manners(name=KEYED, early="main"),
        refused_on=("srs",),
        reason="no key came",
    ),
    _case("door-no-fcpublish", "no FCPublish at all", Manners(name=KEYED, early="")),
    PublisherCase(
        "door-slash-in-key",
        "a key with a slash",
        18,
        have_a_slash_in_the_key,
        ACCEPTED,
        not_on=("srs",),
        named=REFUSED,
    ),
    _case(
        "door-blank",
        "a blank after the key",
        Manners(name=f"{KEYED} "),
        refused_on=("srs",),
        reason="the stream key has a blank",
    ),
    _case("door-no-key", "no key", Manners(name="main"), refused_on=BOTH, reason="no key came"),
    _case(
        "door-wrong-key", "a wrong key", Manners(name="main?key=wrong"), refused_on=BOTH, reason="wrong key"
    ),
)
