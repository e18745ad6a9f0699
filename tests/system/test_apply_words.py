"""What `apply` says of a real machine: in the words of the TOML, on air and off air."""

import pytest

from tests.demo.install import ETC
from tests.system.installation import TOML, UNWATCHED, Installation

pytestmark = pytest.mark.system

SECOND = '\n[platforms.second]\nurl = "rtmp://127.0.0.1:21001/app"\nkey = { credential = "club" }\n'


@pytest.fixture(autouse=True)
def unwatched(applied: Installation) -> None:
    """Have the agent leave edits alone, so that each is applied by the test; the TOML is as it was.

    To stop the agent would not do: on-air starts it.
    """
    if UNWATCHED not in applied.toml:
        applied.container.run(("systemctl", "stop", "restream-agent.service"))
        applied.toml += UNWATCHED
    applied.container.write(TOML, applied.toml)
    applied.product("apply")
    applied.container.run(("systemctl", "start", "restream-agent.service"))


def state(installation: Installation) -> set[str]:
    """Return a line for every file and for each unit that runs.

    A relay is in it by its name alone: nobody serves its platform, so it restarts by itself all the time.
    """
    runs = installation.runs().items()
    units = {unit if unit.startswith("ffmpeg-relay@") else f"{unit} {run}" for unit, run in runs}
    return {*installation.files().splitlines(), *units}


def said(installation: Installation, toml: str, *options: str, code: int = 0) -> list[str]:
    """Apply a TOML and return what that said."""
    installation.container.write(TOML, toml)
    return installation.product("apply", *options, code=code).splitlines()


def test_off_air_what_is_of_a_broadcast_waits_for_the_next(applied: Installation) -> None:
    """A relay that would be new, and one that would restart."""
    edited = applied.toml.replace("21000/app", "21002/app") + SECOND
    assert said(applied, edited)[:-1] == [
        "club: url",
        "second: added",
        "restarts: the agent",
        "with the next broadcast: club, second",
    ]


def test_on_air_a_new_relay_starts_and_a_changed_relay_restarts(applied: Installation) -> None:
    """The dry run before says the same, and changes nothing."""
    applied.product("on-air")
    edited = applied.toml.replace("21000/app", "21002/app") + SECOND
    before = state(applied)
    dry = said(applied, edited, "--dry-run", code=3)
    assert before == state(applied)
    done = said(applied, edited)
    assert dry[:-1] == done[:-1]
    assert done[:-1] == ["club: url", "second: added", "restarts: club, the agent", "starts: second"]
    assert dry[-1].startswith("dry run, nothing was changed: 2 platforms, nginx-rtmp (")
    assert done[-1].startswith("applied: 2 platforms, nginx-rtmp (")
    assert said(applied, applied.toml)[:-1] == [
        "club: url",
        "second: removed",
        "stops: second",
        "restarts: club, the agent",
    ]
    applied.product("off-air")


def test_a_new_key_is_told_by_its_platform(applied: Installation) -> None:
    """Nothing of the TOML has changed, and no file; the key is not shown."""
    applied.container.write(f"{ETC}/credentials/club", "club-key-2\n", mode=0o600)
    lines = said(applied, applied.toml)
    assert lines[:2] == ["club: key", "with the next broadcast: club"]
    assert "club-key-2" not in "\n".join(lines)
    assert said(applied, applied.toml) == ["nothing to change"]


def test_a_new_message_is_seen_from_the_next_hand_off(applied: Installation) -> None:
    """While on air."""
    applied.product("on-air")
    lines = said(applied, applied.toml.replace("We will be right back", "Back at 8"))
    assert "fallback: message" in lines
    assert "from the next hand-off: the new fallback" in lines
    applied.product("off-air")


def test_the_journal_says_what_changes_once(applied: Installation) -> None:
    """Beside the steps that it has anyhow."""
    applied.container.write(TOML, applied.toml.replace('hold = "12s"', 'hold = "14s"'))
    applied.container.run(("systemctl", "start", "restream-apply.service"), timeout=60)
    lines = applied.words("restream-apply.service", lines=15)
    assert lines.count("fallback: hold") == 1
    assert not [line for line in lines if line.startswith("applied: ")]
