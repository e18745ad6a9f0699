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


def test_the_directories_of_the_code_are_those_that_the_interpreter_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A virtual environment, the Python that it links to by another link, and an editable package."""
    environment, python = tmp_path / "env", tmp_path / "python-3.12"
    package = tmp_path / "checkout/restream_agent"
    for directory in (environment / "bin", python / "bin", package):
        directory.mkdir(parents=True)
    (python / "bin/python3.12").touch()
    (tmp_path / "python").symlink_to(python)
    alternatives = tmp_path / "alternatives"
    alternatives.mkdir()
    (alternatives / "python3").symlink_to(tmp_path / "python/bin/python3.12")
    (environment / "bin/python3").symlink_to(alternatives / "python3")
    monkeypatch.setattr("sys.executable", str(environment / "bin/python3"))
    monkeypatch.setattr("sys.prefix", str(environment))
    monkeypatch.setattr("sys.base_prefix", str(tmp_path / "python"))
    monkeypatch.setattr("restream_agent.__file__", str(package / "__init__.py"))
    assert machine._code() == tuple(
        map(str, sorted((alternatives, environment, package, tmp_path / "python", python)))
    )


def test_debians_package_needs_no_directory_besides_usr(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment, its Python and restream-agent are below /usr."""
    own = "/usr/lib/restream-agent"
    monkeypatch.setattr("sys.executable", "/usr/bin/python3")
    monkeypatch.setattr("sys.prefix", own)
    monkeypatch.setattr("sys.base_prefix", "/usr")
    monkeypatch.setattr("restream_agent.__file__", f"{own}/lib/python3/restream_agent/__init__.py")
    assert machine._code() == ()
