"""What `status` says below "needs a hand"."""

from dataclasses import replace
from typing import Any

import pytest

from restream_agent.cli.status_remarks import needs_hand
from restream_agent.wire.status_report import CommitStatus, RefusalStatus
from tests.unit.cli.test_status_view import OFF_AIR, UNKNOWN, relays, remarks, status, table


@pytest.mark.parametrize(
    ("unit", "name"),
    [
        ("restream-notify.service", "restream-notify"),
        ("restream-fallback-convert@configured.service", "restream-fallback-convert@configured"),
    ],
)
def test_a_failed_helper_unit_is_named(unit: str, name: str) -> None:
    """With its log, and how to forget it."""
    words = f"{unit} has failed (journalctl -u {name}; systemctl reset-failed {name} forgets it)"
    assert remarks(replace(status(), failed_units=(unit,))) == [words]


def test_a_failed_unit_is_told_once() -> None:
    """Of apply and of the preparation there are better words."""
    failed = (
        "restream-apply.service",
        "restream-fallback-prepare.service",
        "restream-fallback-prepare@es.service",
    )
    assert remarks(replace(status(), failed_units=failed)) == []


def test_a_repository_that_cannot_be_fetched_is_told() -> None:
    """Whatever became of the last commit that came."""
    failed = replace(status(), failed_units=("restream-git-fetch.service",))
    words = (
        "the Git repository of the TOML could not be fetched, no new commit arrives "
        "(journalctl -u restream-git-fetch)"
    )
    assert remarks(failed) == [words]


def test_a_commit_that_was_not_applied_is_told_once() -> None:
    """A run for it that ended before it could say why is told by the unit's name."""
    failed = replace(status(), failed_units=("restream-git-apply.service",))
    refused = CommitStatus("a" * 40, "refused", "restream.toml:1:1: a mistake", "", 10.0)
    assert len(remarks(replace(failed, commit=refused))) == 1
    killed = remarks(replace(failed, commit=replace(refused, result="applied", words="")))
    assert [words.split()[0] for words in killed] == ["restream-git-apply.service"]


@pytest.mark.parametrize(
    ("trouble", "unit"),
    [
        ({"systemd": "refuses"}, "restream-agent"),
        ({"preparation": "failed"}, "restream-fallback-prepare"),
        ({"config": "refused"}, "restream-apply"),
    ],
)
def test_trouble_has_a_line_with_the_log_to_read(trouble: dict[str, Any], unit: str) -> None:
    """Of the unit that knows more."""
    assert remarks(replace(status(), **trouble))[0].endswith(f"(journalctl -u {unit})")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("unconfirmed", "a change waits to be confirmed: restream-agent confirm keeps it"),
        ("taken back", "the last change was taken back, so what runs is not what the TOML says"),
    ],
)
def test_an_apply_on_trial_is_told(config: str, words: str) -> None:
    """With the commands that decide; a script notices, too."""
    told = replace(status(), config=config)
    assert remarks(told)[0].startswith(words)
    assert needs_hand(told)


@pytest.mark.parametrize(("interval", "is_told"), [(0, False), (4.0, False), (8.33, True)])
def test_rare_keyframes_are_told(interval: float, is_told: bool) -> None:
    """With what to do about it: platforms complain, and OBS's return waits for one."""
    assert ("set OBS's keyframe interval to 2 s" in table(status(keyframe_interval=interval))) == is_told


def waiting(**changes: Any) -> list[str]:
    """Return the remarks on a stream that the fallback is shown for."""
    well = status()
    assert well.live is not None
    live = replace(well.live, **changes)
    return remarks(replace(well, state="fallback", live=live))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "keyframe",
            "waiting for a keyframe of OBS for 9s: set OBS's keyframe interval to 2 s (Settings, Output)",
        ),
        ("data", "OBS is connected, and nothing has come from it for 9s"),
        ("picture", "OBS sends sound and no picture, or one that SRS leaves out (AV1, VP9): waiting for 9s"),
        (
            "real time",
            "waiting for OBS's stream to keep real time for 9s: its network is slow, or catches up",
        ),
    ],
)
def test_what_live_waits_for_is_told(reason: str, words: str) -> None:
    """While it waits, with what to do; not for the moment that a return takes, nor after OBS has gone."""
    assert waiting(waits_for=reason, waited=9.2) == [words]
    assert waiting(waits_for=reason, waited=2.9) == []
    assert waiting(waits_for=reason, waited=9.2, connected=False) == []


def test_a_reason_of_a_later_version_is_no_error() -> None:
    """It is left out."""
    assert waiting(waits_for="patience", waited=9.2) == []


def test_a_source_without_keyframes_is_named() -> None:
    """In the fallback, where it keeps live away, and while it is live, where it keeps relays away."""
    words = "OBS sends no keyframes, the last one 1min 1s ago: "
    assert waiting(keyframe_age=61.0)[0].startswith(words)
    well = status(twitch=replace(UNKNOWN, state="starting", lacks_keyframe=True))
    assert well.live is not None
    late = replace(well, live=replace(well.live, keyframe_age=61.0))
    assert remarks(late)[0].startswith(words)
    assert relays(late) == ["  twitch  starting, waits for a keyframe of OBS"]
    assert waiting(keyframe_age=30.0) == []


def test_codecs_that_no_platform_gets_are_told_in_full() -> None:
    """Whatever is shown meanwhile; and the tracks that are not played."""
    report = status()
    assert report.live is not None
    live = replace(report.live, video_codec="h264", audio_codec="opus", other_tracks=("sound track 2 (aac)",))
    shown = replace(report, live=live, unplayable={"opus": "OBS sends Opus, which …"})
    assert table(shown).splitlines()[1].endswith("h264 + opus, keyframe every 2 s")
    assert remarks(shown) == [
        "OBS sends Opus, which …",
        "sound track 2 (aac) of OBS is not played: the first is",
    ]


def test_a_weak_line_is_told_with_its_figures() -> None:
    """In the first line, and in a line of its own with what to do."""
    well = status()
    assert well.live is not None
    weak = replace(well, live=replace(well.live, weak=True, speed=0.52, late=4.8))
    assert table(weak).startswith("LIVE (weak line) for 5s\n")
    assert remarks(weak)[0].startswith("weak line: 0.52 s of stream arrive in a second, 4.8 s late (")
    late = remarks(replace(well, live=replace(well.live, weak=True, late=4.8)))
    assert late[0].startswith("weak line: 4.8 s late (")


def test_the_last_refused_publisher_is_shown_for_a_while() -> None:
    """The reason, the address and the time, and never a key."""
    refused = replace(OFF_AIR, refusal=RefusalStatus("wrong key", "203.0.113.9", ago=61.0, count=9))
    words = (
        "a publisher was refused 1min 1s ago: wrong key, from 203.0.113.9 "
        "(restream-agent obs --show-key shows what to type)"
    )
    assert remarks(refused) == [words]
    told = replace(OFF_AIR, refusal=RefusalStatus("no key came", "", ago=1.0, count=1, remedy="type one"))
    assert "no key came, from an unknown address (type one)" in table(told)
    old = replace(refused, refusal=RefusalStatus("wrong key", "203.0.113.9", ago=3600.0, count=9))
    assert remarks(old) == []


def test_a_refused_edit_is_shown_with_its_line() -> None:
    """As apply has put it into its unit's STATUS=."""
    words = 'restream.toml:12:1: fallback.holdd: is not a known key (did you mean "hold"?)'
    refused = replace(status(), config="refused", config_words=words)
    assert remarks(refused) == [f"last edit not applied: {words}"]


@pytest.mark.parametrize(
    ("state", "sound", "missing", "words"),
    [
        ("live", "silence", "sound", "OBS sends no sound: silence is sent in its place"),
        (
            "live",
            "silence",
            "",
            "OBS sends its sound more than 2 s after its picture: silence is sent in its place",
        ),
    ],
)
def test_a_track_that_does_not_come_is_told(state: str, sound: str, missing: str, words: str) -> None:
    """In a line of its own."""
    well = status()
    assert well.live is not None
    told = table(replace(well, state=state, sound=sound, live=replace(well.live, missing=missing)))
    assert f"  {words}" in told.splitlines()


@pytest.mark.parametrize("sound", ["live", "fallback", "none", ""])
def test_nothing_is_told_while_sound_and_picture_come(sound: str) -> None:
    """Or while an earlier version of the program does not say."""
    assert remarks(replace(status(), sound=sound)) == []


def test_a_toml_that_is_not_watched_is_told() -> None:
    """agent.watch = false: whoever edits it has to apply it."""
    words = "edits of the TOML wait for restream-agent apply (agent.watch = false)"
    assert remarks(replace(status(), watch=False)) == [words]


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("refused", "was refused 2min ago"),
        ("failed", "could not be applied 2min ago"),
        ("not signed", "was refused, as it is not signed, 2min ago"),
        ("not forward", "was refused, as it does not follow, 2min ago"),
        ("a later word", "a later word 2min ago"),
    ],
)
def test_a_commit_that_is_not_applied_is_told(result: str, words: str) -> None:
    """With why, and with the commit that the TOML is from; a script notices, too."""
    commit = CommitStatus("9e4b11f06c3d00", result, "restream.toml:9:8: bad", "4f1c0de2ab9000", 120.0)
    told = replace(status(), commit=commit)
    expected = f"commit 9e4b11f06c3d {words}: restream.toml:9:8: bad"
    assert remarks(told) == [f"{expected} (the TOML is that of 4f1c0de2ab90)"]
    assert needs_hand(told)
    first = replace(told, commit=replace(commit, applied=""))
    assert remarks(first) == [f"{expected} (the TOML is from no commit)"]


def test_an_applied_commit_is_a_fact() -> None:
    """Also off air; nothing needs a hand."""
    commit = CommitStatus("4f1c0de2ab9000", "applied", "", "4f1c0de2ab9000", 3600.0)
    for report in (status(), OFF_AIR):
        told = replace(report, commit=commit)
        assert "commit 4f1c0de2ab90, applied 16:33" in table(told)
        assert not needs_hand(told)
