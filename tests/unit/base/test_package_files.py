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
