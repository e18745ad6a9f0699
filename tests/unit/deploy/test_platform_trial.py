"""What a trial sends, to whom, and what a person is told before."""

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.cli.platform_trial import report, require_agreement
from restream_agent.deploy import commands, platform_trial
from restream_agent.deploy.platform_trial import PlatformTrial
from restream_agent.deploy.trial_verdict import TrialVerdict

FILE = """\
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
enabled = false
[channels.es]
key = { credential = "ingest-es" }
[channels.es.platforms.own]
url = "rtmp://host/app"
key = { credential = "own" }
"""


@pytest.fixture
def subject(tmp_path: Path) -> commands.Subject:
    place = tmp_path / "restream.toml"
    place.write_text(FILE)
    return commands.load(TargetMachine(tmp_path), place)


def test_a_platform_with_a_test_of_its_own_is_told_so(subject: commands.Subject) -> None:
    """Nobody sees a bandwidth test of Twitch; a disabled platform is tested, too."""
    trial = platform_trial.plan(subject, "main", "twitch")
    assert (trial.relay.full_name, trial.parameter) == ("twitch", "bandwidthtest=true")
    assert trial.question == "send the slate for 10 s? Twitch takes it as a test that nobody sees"


def test_a_person_knows_that_others_may_see_it(subject: commands.Subject) -> None:
    """Most platforms go live with the first picture."""
    trial = platform_trial.plan(subject, "es", "own")
    assert (trial.relay.full_name, trial.parameter) == ("es.own", "")
    assert trial.question.endswith("The channel may go live there, and tell its followers")


def systemctl(active: str) -> Callable[..., CompletedProcess[str]]:
    """Return what answers for systemctl: the relay of the channel es is in this state."""

    def answer(argv: tuple[str, ...], **_: object) -> CompletedProcess[str]:
        text = f"Id={argv[-1]}\nActiveState={active}\n"
        return CompletedProcess(argv, 0, text, "")

    return answer


def test_a_platform_that_is_on_air_is_not_disturbed(subject: commands.Subject) -> None:
    """It would end the older connection. A relay that has given up leaves room for a test."""
    trial = platform_trial.plan(subject, "es", "own")
    with pytest.raises(RestreamError, match=r"es\.own is on air") as refused:
        platform_trial.require_off_air(trial, systemctl("active"))
    assert refused.value.hint.endswith("systemctl stop ffmpeg-relay@es.own.service")
    for state in ("inactive", "failed"):
        platform_trial.require_off_air(trial, systemctl(state))


def test_a_script_has_to_agree(subject: commands.Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody could be asked."""
    monkeypatch.setattr("sys.stdin", StringIO())
    with pytest.raises(RestreamError, match="a person has to agree: send the slate") as refused:
        require_agreement(platform_trial.plan(subject, "main", "twitch"))
    assert refused.value.hint == "give --yes"


@pytest.mark.parametrize(
    ("channel", "name", "message", "hint"),
    [
        ("fr", "own", "there is no channel fr", "the channels are main, es"),
        ("main", "twich", "there is no platform twich", "did you mean twitch?"),
    ],
)
def test_what_is_not_there_cannot_be_tested(
    subject: commands.Subject, channel: str, name: str, message: str, hint: str
) -> None:
    """With what is there."""
    with pytest.raises(RestreamError) as refused:
        platform_trial.plan(subject, channel, name)
    assert (refused.value.message, refused.value.hint) == (message, hint)


def test_the_sandbox_is_that_of_a_relay(subject: commands.Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the platform's key, a directory of its own, and nothing of the broadcast."""
    trial = platform_trial.plan(subject, "main", "twitch")
    monkeypatch.setattr(Path, "exists", lambda _: True)
    properties = platform_trial.properties(subject, trial.relay)
    assert {
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
        "LoadCredential=key:/etc/restream-agent/credentials/twitch",
        "RuntimeDirectory=restream-platform-test",
        "RuntimeDirectoryMode=0700",
    } <= set(properties)
    of_the_broadcast = ("%", "relay.env", "restream-relay", "Restart", "DynamicUser", "RELAY_INPUT", "Slice=")
    assert [line for line in properties if any(word in line for word in of_the_broadcast)] == []


def test_without_a_key_nothing_is_sent(subject: commands.Subject) -> None:
    """The next step is said."""
    trial = platform_trial.plan(subject, "es", "own")
    with pytest.raises(RestreamError, match="there is no key") as refused:
        platform_trial.properties(subject, trial.relay)
    assert refused.value.hint == "restream-agent secret set own"


def test_a_slate_is_a_file_of_the_directorys_owner(tmp_path: Path) -> None:
    """A link in there could lead to a file of root's, which would be sent to the platform."""
    (tmp_path / "slate.flv").symlink_to("/etc/shadow" if Path("/etc/shadow").exists() else "/etc/passwd")
    if os.geteuid() == 0:
        os.chown(tmp_path, 1234, 1234)
    with pytest.raises(RestreamError) as refused:
        platform_trial.slate(tmp_path / "slate.flv")
    assert refused.value.hint == "restream-agent apply prepares it"
    with pytest.raises(RestreamError, match="No such file"):
        platform_trial.slate(tmp_path / "none.flv")


def test_what_fails_before_the_platform_is_asked_is_not_its_fault() -> None:
    """systemd's own words are shown, and no key is suspected."""
    words = "Failed to start transient service unit: Unit restream-platform-test.service was already loaded"
    with pytest.raises(RestreamError) as failed:
        platform_trial.require_begun(CommandError(("ffmpeg",), "failed with exit status 1", output=words))
    assert failed.value.message == f"the slate could not be sent: failed with exit status 1\n{words}"
    platform_trial.require_begun(CommandError(("ffmpeg",), "failed", output="trial=begun\nEnd of file"))


def test_the_report_has_the_lines_of_ffmpeg_where_it_failed() -> None:
    """They are the proof, and have no key."""
    assert report("x", TrialVerdict(True, "took 10 s of the slate", "", ())) == "x took 10 s of the slate"
    with pytest.raises(RestreamError) as failed:
        report("x", TrialVerdict(False, "it refuses the connection", "check the url", ("Server error",)))
    assert (failed.value.message, failed.value.hint) == (
        "x: it refuses the connection\nServer error",
        "check the url",
    )


def test_a_trial_has_no_question_of_its_own_without_a_preset(subject: commands.Subject) -> None:
    """A server of one's own knows no parameter."""
    relay = platform_trial.plan(subject, "es", "own").relay
    assert PlatformTrial(relay, None).parameter == ""
