"""check, apply and secret for a TOML with several channels."""

from pathlib import Path

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.cli import broadcast, chosen, status_view
from restream_agent.systemd.channels import Channel
from tests.unit.cli.test_channel_view import LIVE, answer
from tests.unit.cli.test_main import CREDENTIALS, GOOD, KEY, root, run, toml

__all__ = ("root",)  # the fixture

TWO_CHANNELS = (
    GOOD
    + """\
[channels.es]
key = { credential = "ingest-es" }
[channels.es.fallback]
video = "/nonexistent.mp4"
[channels.es.platforms.twitch]
preset = "twitch"
key = { credential = "twitch-es" }
"""
)


def test_problems_of_a_channel_are_named_with_their_lines(root: Path) -> None:
    """Its keys and its videos; those of the top are not told twice."""
    place = toml(root, TWO_CHANNELS)
    lines = run("check", "--root", root).stderr.splitlines()
    said = [line.removeprefix(f"{place}:").split(": ")[:3] for line in lines if ": error: " in line]
    assert said == [
        ["8:7", "error", "channels.es.key"],
        ["10:9", "error", "channels.es.fallback.video"],
        ["13:7", "error", "channels.es.platforms.twitch.key"],
    ]


def test_the_keys_of_a_channel_are_listed_with_their_users(root: Path) -> None:
    """As `secret list` does for those of the top."""
    toml(root, TWO_CHANNELS)
    (root / CREDENTIALS / "ingest-es").write_text(f"{KEY}-of-es\n")
    listed = {line.split()[0]: line for line in run("secret", "list", "--root", root).stdout.splitlines()}
    assert listed["ingest-es"].endswith("used by es.ingest")
    assert listed["twitch-es"].endswith("secret set twitch-es, used by es.twitch")
    assert listed["twitch"].endswith("used by twitch")


def test_a_channel_is_applied_and_counted(root: Path) -> None:
    """`check` says how many channels; `apply` starts the channel's sockets, and stops what it removes."""
    place = toml(root, TWO_CHANNELS.replace('[channels.es.fallback]\nvideo = "/nonexistent.mp4"\n', ""))
    for name in ("ingest-es", "twitch-es"):
        (root / CREDENTIALS / name).write_text(f"{KEY}-{name}\n")
    assert run("check", "--root", root).stdout == f"{place}: ok, 2 channels, 2 platforms, srs\n"
    done = run("apply", "-v", "--root", root)
    assert (done.exit_code, "start fallback@es.socket" in done.stdout) == (0, True)
    toml(root, GOOD)
    assert "stop restream@es.target" in run("apply", "-v", "--root", root).stdout


def test_a_status_of_one_channel_and_of_all_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with every other command."""
    monkeypatch.setattr(status_view, "fetch", lambda: answer(LIVE, es=LIVE))
    assert run("status", "es").exit_code == 0
    for form in ((), ("--json",)):
        assert run("status", "es", "--all", *form).exit_code == 2


def test_what_was_prepared_is_said_though_another_channel_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With --all, a conversion of an hour may have succeeded."""

    def prepare(channel: Channel, **_: object) -> str:
        if channel.name == "es":
            raise RestreamError("no video")
        return "prepared"

    monkeypatch.setattr(chosen, "channels", lambda *_, **__: (Channel("en"), Channel("es")))
    monkeypatch.setattr(broadcast, "prepare", prepare)
    done = run("fallback", "prepare", "--all")
    assert (done.exit_code, done.stdout) == (1, "en: prepared\n")
    assert "es: no video" in done.stderr
