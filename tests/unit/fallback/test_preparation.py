"""Whether the fallback has to be prepared: what apply asks, as root, before it starts the conversion."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.files import locate
from restream_agent.fallback import store
from restream_agent.fallback.preparation import is_prepared
from restream_agent.fallback.profile import DEFAULT
from restream_agent.wire.settings import FallbackSettings


@pytest.fixture
def video(tmp_path: Path) -> Path:
    file = tmp_path / "fallback.mp4"
    file.write_bytes(b"a video")
    return file


@pytest.fixture
def settings(video: Path, tmp_path: Path) -> FallbackSettings:
    """Return settings whose slate and video stand prepared below tmp_path."""
    wanted = FallbackSettings(
        keyframe=2.0,
        message="Back soon",
        profile=None,
        videos=(str(video),),
    )
    for sources, name in (((), paths.FALLBACK_SLATE), ((video,), paths.FALLBACK_CURRENT)):
        link = locate(tmp_path, name)
        link.parent.mkdir(parents=True, exist_ok=True)
        prepared = store.prepared_name(sources, wanted.message, DEFAULT, wanted.keyframe)
        (link.parent / prepared).write_bytes(b"FLV")
        link.symlink_to(prepared)
    return wanted


def test_what_stands_prepared_is_known(settings: FallbackSettings, tmp_path: Path) -> None:
    """Then apply starts no unit."""
    assert is_prepared(settings, tmp_path)


def test_another_message_keyframe_or_video_is_not_prepared(
    settings: FallbackSettings, tmp_path: Path
) -> None:
    """Also another content under the same name."""
    for other in ({"message": "Later"}, {"keyframe": 1.0}, {"videos": ()}, {"videos": ("/nonexistent",)}):
        assert not is_prepared(replace(settings, **other), tmp_path)
    Path(settings.videos[0]).write_bytes(b"another video")
    assert not is_prepared(settings, tmp_path)


def test_a_file_that_is_gone_is_not_prepared(settings: FallbackSettings, tmp_path: Path) -> None:
    """The link alone is no video, nor is a link to a link."""
    link = locate(tmp_path, paths.FALLBACK_CURRENT)
    prepared = link.parent / link.readlink()
    prepared.unlink()
    assert not is_prepared(settings, tmp_path)
    prepared.symlink_to(settings.videos[0])
    assert not is_prepared(settings, tmp_path)


def test_a_profile_that_is_no_small_file_is_not_read(settings: FallbackSettings, tmp_path: Path) -> None:
    """Its directory belongs to the preparation's user: root neither waits for it nor fills its memory."""
    profile = locate(tmp_path, paths.LIVE_PROFILE)
    os.mkfifo(profile)
    assert not is_prepared(settings, tmp_path)
    profile.unlink()
    profile.symlink_to("/dev/zero")
    assert not is_prepared(settings, tmp_path)
    profile.unlink()
    profile.write_text("x" * 5000)
    assert not is_prepared(settings, tmp_path)
