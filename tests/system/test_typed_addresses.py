"""What people type into OBS: accepted alike on both servers, or one line that says what came."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from tests.demo.install import INGEST_KEY, PROGRAM
from tests.lab import typist
from tests.lab.outside import HERE, OUTSIDE, THERE
from tests.lab.servers import SERVERS
from tests.system.installation import Installation, within_reach

pytestmark = pytest.mark.system

URL = f"rtmp://{HERE}"
KEYED = f"main?key={INGEST_KEY}"


@dataclass(frozen=True)
class Typed:
    """What was typed, as OBS sends it. `early` is the name before the publish, if it differs."""

    application: str
    url: str
    name: str
    early: str | None = None


@pytest.fixture(scope="module", params=SERVERS)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Install and apply in a container, and connect another computer to it."""
    with within_reach(request.param) as installation:
        installation.container.write("/run/typist.py", Path(typist.__file__).read_text())
        yield installation


def publish(installation: Installation, typed: Typed) -> str:
    """Publish from the other computer; return how it went."""
    argv = (*OUTSIDE, "python3", "/run/typist.py", json.dumps({"host": HERE, **asdict(typed)}))
    return installation.container.run(argv, timeout=60).stdout.strip()


def said(installation: Installation, unit: str = "restream-agent") -> list[str]:
    """Return all that a unit has written to the journal."""
    return installation.words(unit, lines=10_000)


ACCEPTED = {
    "as documented": Typed("live", f"{URL}/live", KEYED),
    "with a port": Typed("live", f"{URL}:1935/live", KEYED),
    "a slash at the end": Typed("live/", f"{URL}/live/", KEYED),
    "the key on the server's URL": Typed(f"live?key={INGEST_KEY}", f"{URL}/live?key={INGEST_KEY}", "main"),
    "the whole URL as the server": Typed(f"live/{KEYED}", f"{URL}/live/{KEYED}", ""),
    "no FCPublish": Typed("live", f"{URL}/live", KEYED, early=""),
}

REFUSED = {
    "the application is main": (Typed("main", f"{URL}/main", KEYED), 'the application is "main"'),
    "no application": (Typed("", f"{URL}/", KEYED), "the server's URL ends without an application"),
    "no application, no slash": (Typed("", URL, KEYED), "the server's URL ends without an application"),
    "capitals": (Typed("LIVE", f"{URL}/LIVE", KEYED), "the application is not live in small letters"),
    "another application": (Typed("x1", f"{URL}/x1", KEYED), "the application is not live"),
    "the name twice": (Typed("live/main", f"{URL}/live/main", KEYED), "the server's URL goes on after /live"),
    "the URL as stream key": (
        Typed("live", f"{URL}/live", f"{URL}/live/{KEYED}"),
        "the stream key is a whole URL",
    ),
    "no key": (Typed("live", f"{URL}/live", "main"), "no key came"),
    "the key alone": (Typed("live", f"{URL}/live", INGEST_KEY), "the stream key is the key alone"),
}


@pytest.mark.parametrize("typed", ACCEPTED.values(), ids=ACCEPTED)
def test_an_address_that_both_servers_can_serve_is_accepted(installation: Installation, typed: Typed) -> None:
    """As the stream `main`, of which the servers and units know."""
    before = len(said(installation))
    assert publish(installation, typed) == "accepted", said(installation)[before:]
    lines = said(installation)[before:]
    assert any(f"publisher main from {THERE} accepted" in line for line in lines), lines


@pytest.mark.parametrize(("typed", "reason"), REFUSED.values(), ids=REFUSED)
def test_every_other_address_is_said(installation: Installation, typed: Typed, reason: str) -> None:
    """In the journal and in `status`, with what to type, and never with the key."""
    before = len(said(installation))
    assert publish(installation, typed) == "refused"
    (line,) = [line for line in said(installation)[before:] if "refused" in line]
    assert line.startswith(f"publish refused: from {THERE}, {reason}; type the server rtmp://HOST/live"), line
    status = json.loads(installation.product("status", "--json"))["refusal"]
    assert (status["reason"], status["address"]) == (reason, THERE)
    assert "type the server rtmp://HOST/live" in installation.product("status")
    assert INGEST_KEY not in "\n".join(said(installation) + said(installation, "restream-ingest"))


BLANKS = {
    "at the end": Typed("live", f"{URL}/live", f"{KEYED} "),
    "around the name": Typed("live", f"{URL}/live", f" main ?key={INGEST_KEY}"),
}


@pytest.mark.parametrize("typed", BLANKS.values(), ids=BLANKS)
def test_blanks_in_the_stream_key_are_left_out_or_said(installation: Installation, typed: Typed) -> None:
    """SRS serves a stream of another name then, the key in it; OBS itself leaves them out."""
    before = len(said(installation))
    how = publish(installation, typed)
    lines = "\n".join(said(installation)[before:])
    if installation.server == "srs":
        assert (how, f"publish refused: from {THERE}, the stream key has a blank" in lines) == (
            "refused",
            True,
        )
    else:
        assert (how, f"publisher main from {THERE} accepted" in lines) == ("accepted", True), lines


ODD_KEY = "0!\"$'()*+,-.:;<=>?@[\\]^_`{|}~0"


def test_every_key_that_check_allows_is_accepted(installation: Installation) -> None:
    """Both servers pass it on as it was typed: all of printable ASCII but &, #, % and /."""
    container = installation.container
    container.run((PROGRAM, "secret", "set", "ingest"), input=ODD_KEY)
    try:
        installation.product("apply")
        assert publish(installation, Typed("live", f"{URL}/live", f"main?key={ODD_KEY}")) == "accepted"
    finally:
        container.run((PROGRAM, "secret", "set", "ingest"), input=INGEST_KEY)
        installation.product("apply")


def test_a_key_in_publish_alone_is_accepted_or_said(installation: Installation) -> None:
    """SRS reads the name from FCPublish, so no key comes."""
    before = len(said(installation))
    how = publish(installation, Typed("live", f"{URL}/live", KEYED, early="main"))
    lines = "\n".join(said(installation)[before:])
    if installation.server == "srs":
        assert (how, f"publish refused: from {THERE}, no key came; type" in lines) == ("refused", True), lines
    else:
        assert (how, f"publisher main from {THERE} accepted" in lines) == ("accepted", True), lines


def test_an_empty_stream_key_is_said(installation: Installation) -> None:
    """SRS turns it away itself, before the agent is asked."""
    assert publish(installation, Typed("live", f"{URL}/live", "")) == "refused"
    unit = "restream-ingest" if installation.server == "srs" else "restream-agent"
    lines = [
        line for line in said(installation, unit) if f"from {THERE}, the stream key is empty; type" in line
    ]
    assert len(lines) == 1, said(installation, unit)


def test_the_journal_of_the_server_has_no_steps(installation: Installation) -> None:
    """After all of the above: refusals and no key."""
    lines = said(installation, "restream-ingest")
    assert not [line for line in lines if INGEST_KEY in line or "[INFO]" in line or "[info]" in line], lines
