"""What the users of our units must be able to read before anything of ours starts."""

from pathlib import Path

import pytest

from restream_agent.base import rights
from restream_agent.base.errors import RestreamError
from restream_agent.deploy import machine


def test_an_installation_for_root_alone_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pip with umask 077 makes one: the units' Python would not find us."""
    package = tmp_path / "site-packages/restream_agent/__init__.py"
    package.parent.mkdir(parents=True)
    package.touch(mode=0o644)
    for directory in (package.parent, package.parent.parent):
        directory.chmod(0o755)
    whole = rights.way_to
    monkeypatch.setattr(
        rights,
        "way_to",  # pytest's own directories are for their user alone
        lambda path: (step for step in whole(path) if step[0].is_relative_to(package.parents[1])),
    )
    machine._require_readable(package)
    package.parent.chmod(0o700)
    with pytest.raises(RestreamError, match="the users of the units may not read") as caught:
        machine._require_readable(package)
    assert caught.value.hint == f"chmod -R a+rX {package.parent}"
