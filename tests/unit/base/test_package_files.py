"""The files of the package that are no code."""

from pathlib import Path

import pytest

from restream_agent.base import package_files, paths


def test_the_package_has_its_schema_and_its_documentation() -> None:
    """In a checkout as in a wheel."""
    assert package_files.schema().is_file()
    assert (package_files.documentation() / "configuration.md").is_file()


def test_editors_are_sent_to_the_installed_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its place outlives an upgrade of Python. Debian's package goes first; without either it is our own."""
    local, debian = tmp_path / "local.json", tmp_path / "debian.json"
    monkeypatch.setattr(paths, "SCHEMA", str(debian))
    monkeypatch.setattr(paths, "LOCAL_SCHEMA", str(local))
    assert package_files.schema_for_editors() == package_files.schema()
    for place in (local, debian):
        place.write_text("{}")
        assert package_files.schema_for_editors() == place


def test_the_version_is_that_which_pip_has_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a checkout, and where two versions seem to be there, the environment decides."""
    known = package_files.version()
    (tmp_path / "restream_agent-1.2.3+gabc.dist-info").mkdir()
    monkeypatch.setattr(package_files, "_PACKAGE", tmp_path / "restream_agent")
    assert package_files.version() == "1.2.3+gabc"
    (tmp_path / "restream_agent-1.2.4.dist-info").mkdir()
    assert package_files.version() == known
