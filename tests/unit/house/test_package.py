"""The package that a user installs is complete."""

import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from tests.unit.house.documented import files_below

PROJECT = Path(__file__).resolve().parents[3]
ASSETS = "restream_agent/_assets"


# Not in Debian 12's Python 3.11.2.
SAFELY: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def wheel_names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shared() -> set[str]:
    """Return the files that pip puts into share/ of the venv, by the checkout."""
    trees = {"share": "share", "examples": "share/doc/restream-agent/examples"}
    files = {
        f"{place}/{path.relative_to(PROJECT / tree)}"
        for tree, place in trees.items()
        for path in files_below(PROJECT / tree)
    }
    return files | {"share/restream-agent/restream.schema.json"}


def expected() -> set[str]:
    """Return the files that the wheel must have, by the checkout."""
    assets = {
        f"{ASSETS}/{part}/{path.name}"
        for part in ("templates", "units")
        for path in (PROJECT / part).iterdir()
    }
    modules = {str(path.relative_to(PROJECT)) for path in (PROJECT / "restream_agent").rglob("*.py")}
    data = {f"{ASSETS}/srs.conf.j2", "restream_agent/config/presets.json", "restream_agent/py.typed"}
    docs = {f"{ASSETS}/docs/{name}" for name in ("configuration.md", "restream.schema.json")}
    return assets | modules | data | docs


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build an sdist from the checkout and a wheel from the sdist; return the directory with both."""
    pytest.importorskip("hatchling", reason="hatchling not installed")
    out = tmp_path_factory.mktemp("dist")
    build = "import os, sys; from hatchling import build; os.chdir(sys.argv[1]); build.{}(sys.argv[2])"
    call(sys.executable, "-c", build.format("build_sdist"), str(PROJECT), str(out))
    (sdist,) = out.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(out, **SAFELY)
    source = str(out / sdist.name.removesuffix(".tar.gz"))
    call(sys.executable, "-c", build.format("build_wheel"), source, str(out))
    return out


def call(*argv: str) -> None:
    done = subprocess.run(argv, timeout=60, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wheel_from_the_sdist_has_everything(built: Path) -> None:
    """Modules, templates, units, SRS's template, the presets and the typing marker."""
    (wheel,) = built.glob("*.whl")
    assert expected() - wheel_names(wheel) == set()


def test_the_wheel_has_what_people_and_shells_read(built: Path) -> None:
    """Man pages, completions, the schema and the examples, for share/ of the venv."""
    (wheel,) = built.glob("*.whl")
    data = f"{'-'.join(wheel.name.split('-')[:2])}.data/data/"
    assert {name.removeprefix(data) for name in wheel_names(wheel) if name.startswith(data)} == shared()


def test_the_wheel_runs_from_where_it_is_unpacked(built: Path, tmp_path: Path) -> None:
    """It finds its assets inside the wheel, without the checkout."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); from restream_agent.render import assets; "
        "found = assets.load(); print(assets.__file__, len(found.templates), len(found.units))"
    )
    done = subprocess.run(
        (sys.executable, "-c", script, str(tmp_path)),
        timeout=30,
        check=True,
        capture_output=True,
        text=True,
        cwd="/",
    )
    templates = len(list((PROJECT / "templates").iterdir())) + 1  # srs.conf.j2
    units = len(list((PROJECT / "units").iterdir()))
    assert done.stdout.split() == [
        str(tmp_path / "restream_agent/render/assets.py"),
        str(templates),
        str(units),
    ]


def test_each_commit_has_a_newer_version(tmp_path: Path) -> None:
    """So pip installs a build over an older one; a tag begins a new series."""
    (tmp_path / "pyproject.toml").write_bytes((PROJECT / "pyproject.toml").read_bytes())
    git = ("git", "-C", str(tmp_path), "-c", "user.name=test", "-c", "user.email=test@localhost")
    call(*git, "init", "--quiet")
    versions = []
    for message in ("one", "two", "tagged", "three"):
        call(*git, "add", "--all")
        call(*git, "commit", "--quiet", "--allow-empty", "--message", message)
        if message == "tagged":
            call(*git, "tag", "v0.4.0")
        asked = (sys.executable, "-m", "hatchling", "version")
        done = subprocess.run(asked, timeout=60, check=True, capture_output=True, text=True, cwd=tmp_path)
        versions.append(Version(done.stdout.strip()))
    assert versions == sorted(set(versions))
    assert versions[2] == Version("0.4.0")


def test_every_dependency_is_pinned_with_its_hashes() -> None:
    """requirements.txt has the versions of constraints.txt, and names no index."""
    text = (PROJECT / "requirements.txt").read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    constraints = re.findall(r"^([\w-]+)==(\S+)$", (PROJECT / "constraints.txt").read_text(), re.MULTILINE)
    versions = {name.lower().replace("_", "-"): version for name, version in constraints}
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    needed = {re.match(r"[\w-]+", dependency)[0] for dependency in project["dependencies"]}  # type: ignore[index]
    assert needed - {name for name, _ in pinned} == set()
    assert [(name, version) for name, version in pinned if versions.get(name) != version] == []
    assert len(pinned) == len(re.findall("==", text))
    assert "://" not in text
