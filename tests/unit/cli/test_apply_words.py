"""What `apply` says."""

from dataclasses import replace

import pytest

from restream_agent.base.file_tree import File
from restream_agent.cli.apply_words import what_changes, words
from restream_agent.deploy.apply import ApplyOutcome
from restream_agent.deploy.changes import Change
from restream_agent.deploy.edits import Edit
from restream_agent.deploy.effects import Effects
from restream_agent.deploy.plan import Actions
from restream_agent.deploy.planning import Plan

CHANGE = Change("/etc/systemd/system/a.service", File("a"), File("b"))
ACTIONS = Actions(restart=("ffmpeg-relay@twitch.service",))
UNKNOWN = "what the TOML said before is not known: an earlier version has applied it"
EDITS = (Edit("twitch", ("url", "key")), Edit("fallback", ("video",)))
PLAN = Plan(
    {}, (CHANGE,), ACTIONS, "{}", edits=(Edit("twitch", ("url", "key")), Edit("fallback", ("video",)))
)
EFFECTS = Effects(
    stops=("ffmpeg-relay@kick.service", "fallback@es.socket"),
    restarts=(
        "restream-ingest.service",
        "ffmpeg-relay@twitch.service",
        "restream-agent.service",
        "live@*.service",
    ),
    reloads=("fallback@es.service",),
    next_broadcast=("ffmpeg-relay@es.youtube.service",),
    next_start=("ffmpeg-relay@club.service",),
    is_on_air=True,
)


def said(plan: Plan = PLAN, effects: Effects | None = EFFECTS, **how: bool) -> list[str]:
    return words(ApplyOutcome(plan, effects), "2 platforms, srs", **how)


def test_it_says_what_changes_and_what_that_does() -> None:
    """In the words of the TOML, and by the names of the relays; sockets are no reader's business."""
    assert said() == [
        "twitch: url, key",
        "fallback: video",
        "stops: kick",
        "restarts: twitch, the ingest server (OBS reconnects, the platforms see the fallback meanwhile), "
        "the agent",
        "reads its settings anew: the program of es",
        "with the next broadcast: es.youtube",
        "runs on, and changes at its next start: club",
        "applied: 2 platforms, srs (1 file, -v lists them)",
    ]


def test_a_dry_run_says_the_same_but_for_its_end() -> None:
    """Nobody takes it for an apply."""
    *dry, end = said(is_dry=True)
    assert dry == said()[:-1]
    assert end == "dry run, nothing was changed: 2 platforms, srs (1 file, -v lists them)"


def test_the_long_list_has_every_file_and_unit() -> None:
    """Once each, before the end."""
    lines = said(is_long=True)
    assert lines[-3:] == [
        "update /etc/systemd/system/a.service",
        "restart ffmpeg-relay@twitch.service",
        "applied: 2 platforms, srs (1 file)",
    ]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize(
    ("plan", "first"),
    [
        (replace(PLAN, edits=None, is_first=True), "the first apply on this machine"),
        (
            replace(PLAN, edits=None),
            UNKNOWN,
        ),
        (replace(PLAN, edits=()), "the TOML is unchanged; restream-agent makes other files from it"),
    ],
)
def test_without_an_edit_it_says_why_something_changes(plan: Plan, first: str) -> None:
    """An upgrade, for example."""
    assert said(plan)[0] == first


def test_nothing_to_change_is_one_line() -> None:
    """Unless a platform that is disabled was edited."""
    empty = replace(PLAN, changes=(), actions=Actions(), edits=())
    assert said(empty, Effects()) == ["nothing to change"]
    edited = replace(empty, edits=(Edit("kick", ("url",)),))
    assert said(edited, Effects()) == ["kick: url", "applied: nothing on this machine changes"]


def test_many_relays_are_counted() -> None:
    """A line stays a line."""
    relays = tuple(f"ffmpeg-relay@p{number}.service" for number in range(40))
    assert said(effects=Effects(restarts=(*relays, "restream-agent.service")))[2] == (
        "restarts: 40 relays, the agent"
    )


def test_many_edits_are_counted() -> None:
    """All of them are in the long list."""
    plan = replace(PLAN, edits=tuple(Edit(f"p{number}", ("added",)) for number in range(40)))
    assert said(plan)[10:12] == ["p10: added", "and 29 more"]
    assert said(plan, is_long=True)[39] == "p39: added"


def test_a_new_fallback_comes_with_the_next_hand_off() -> None:
    """While on air; the file of its settings says that it is another."""
    plan = replace(PLAN, changes=(replace(CHANGE, path="/etc/restream-agent/fallback.json"),))
    assert "from the next hand-off: the new fallback" in said(plan)
    assert "from the next hand-off: the new fallback" not in said(plan, Effects())


def test_below_another_root_nothing_is_said_of_units() -> None:
    """Nobody knows what runs there."""
    assert said(effects=None)[2:] == [
        "applied: 2 platforms, srs (1 file, -v lists them, systemd is not asked for anything)"
    ]


def test_the_journal_has_each_step_already() -> None:
    """So what changes is all that is added, and what changes later."""
    assert what_changes(ApplyOutcome(PLAN, EFFECTS)) == [
        "twitch: url, key",
        "fallback: video",
        "with the next broadcast: es.youtube",
        "runs on, and changes at its next start: club",
    ]
