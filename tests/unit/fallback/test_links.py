"""The links to prepared files, in a store that several channels share."""

import os
from pathlib import Path

import pytest

from restream_agent.base.channel_paths import MAIN_PATHS, channel_paths
from restream_agent.base.files import locate
from restream_agent.fallback import links, preparation, store
from restream_agent.fallback.conversion import Conversion
from restream_agent.wire.settings import FallbackSettings

ES, EN = channel_paths("es"), channel_paths("en")
SETTINGS = FallbackSettings(keyframe=2.0, message="Back soon", profile=None, videos=())


@pytest.fixture(autouse=True)
def _quick_conversion(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have each conversion make an empty file."""

    def run(conversion: Conversion, *_: object) -> Path:
        finished = conversion._work / "finished.flv"
        finished.touch()
        return finished

    monkeypatch.setattr(Conversion, "run", run)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a root where two channels are being installed: apply has written what a preparation needs."""
    for places in (ES, EN):
        settings = locate(tmp_path, places.fallback_settings)
        settings.parent.mkdir(parents=True)
        settings.touch()
    return tmp_path


def message(words: str) -> FallbackSettings:
    return FallbackSettings(keyframe=2.0, message=words, profile=None, videos=())


def test_channels_share_a_file_and_have_links_of_their_own(root: Path) -> None:
    """Equal fallbacks are one file; each program finds it through its own directory."""
    prepared = {preparation.prepare(SETTINGS, root, None, places) for places in (MAIN_PATHS, ES, EN)}
    assert len(prepared) == 1
    for places in (MAIN_PATHS, ES, EN):
        assert locate(root, places.fallback_current).resolve() == prepared.copy().pop()
        assert preparation.is_prepared(SETTINGS, root, places)
        assert not preparation.is_prepared(message("other"), root, places)


def test_a_channel_s_links_can_be_followed_whatever_the_umask(root: Path) -> None:
    """The program is another user than the preparation."""
    before = os.umask(0o077)
    try:
        preparation.prepare(SETTINGS, root, None, ES)
    finally:
        os.umask(before)
    directory = locate(root, ES.fallback)
    assert [each.stat().st_mode & 0o777 for each in (directory, directory.parent)] == [0o755, 0o755]


def test_what_another_channel_plays_is_not_old(root: Path) -> None:
    """One channel may have many formats in turn: the file that another one plays stays."""
    played = preparation.prepare(message("of en"), root, None, EN)
    os.utime(played, (1, 1))
    for number in range(4 * store.SPARE):
        preparation.prepare(message(f"of es {number}"), root, None, ES)
    assert played.exists()
    assert preparation.is_prepared(message("of en"), root, EN)


def test_a_removed_channel_uses_nothing(root: Path) -> None:
    """Its links go at the next preparation of another channel."""
    played = preparation.prepare(message("of en"), root, None, EN)
    locate(root, EN.fallback_settings).unlink()
    preparation.prepare(message("of es"), root, None, ES)
    assert not locate(root, EN.fallback).exists()
    assert played not in links.in_use(root).files


def test_two_channels_begin_at_the_same_moment(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another preparation makes the directory of all channels between a look and the mkdir."""
    links.make_directory(root, EN)
    monkeypatch.setattr(Path, "exists", lambda _: False)
    links.make_directory(root, EN)
    links.make_directory(root, ES)
    assert locate(root, ES.fallback).is_dir()
