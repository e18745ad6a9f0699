"""What several tests of the commands share."""

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module")
def quick_ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Stand in for ffmpeg, which every check asks what it can do."""
    directory = tmp_path_factory.mktemp("bin")
    (directory / "ffmpeg").write_text("#!/bin/sh\n")
    (directory / "ffmpeg").chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(directory), prepend=":")
        yield
