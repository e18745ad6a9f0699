"""`init` with a video that the policy of the machine has to allow."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from restream_agent.cli.main import main
from restream_agent.fallback import preparation
from tests.unit.cli.test_init import KEY, TOML, left, run

POLICY = "etc/restream-agent/policy.toml"

pytestmark = pytest.mark.usefixtures("quick_ffmpeg")


def test_a_video_elsewhere_is_opened_in_the_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever gives `init` is the administrator: the policy is shown, and written with the TOML."""
    monkeypatch.setattr(preparation, "problems", lambda *_: ())
    options = ("--server", "srs", "--platform", "twitch", "--video", "/home/alice/slate.mp4")
    done = run("--root", tmp_path, *options, input=f"{KEY}\n")
    assert done.exit_code == 0, done.output
    policy = tmp_path / POLICY
    line = 'videos = ["/home/alice/slate.mp4"]'
    assert (policy.read_text().splitlines()[1], policy.stat().st_mode & 0o777) == (line, 0o644)
    assert f"  {line}" in done.stdout
    assert CliRunner().invoke(main, ["check", "--root", str(tmp_path)]).exit_code == 0


def test_a_policy_that_is_there_is_not_edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line for it is named, and nothing is written."""
    monkeypatch.setattr(preparation, "problems", lambda *_: ())
    policy = tmp_path / POLICY
    policy.parent.mkdir(parents=True)
    policy.write_text('videos = ["/old/"]\n')
    options = ("--server", "srs", "--platform", "twitch", "--video", "/home/alice/slate.mp4")
    done = run("--root", tmp_path, *options, input=f"{KEY}\n")
    assert done.exit_code == 78
    assert 'policy.toml: videos = ["/old/", "/home/alice/slate.mp4"]' in done.stderr
    assert "nothing was written" in done.stderr
    assert (policy.read_text(), (tmp_path / TOML).exists()) == ('videos = ["/old/"]\n', False)


def test_a_policy_goes_again_when_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the keys do: a key that cannot be used is told when everything is in place."""
    monkeypatch.setattr(preparation, "problems", lambda *_: ())
    options = ("--server", "srs", "--platform", "twitch", "--video", "/home/alice/slate.mp4")
    done = run("--root", tmp_path, *options, input="rtmp://host/app/key\n")
    assert done.exit_code != 0
    assert left(tmp_path) == []
