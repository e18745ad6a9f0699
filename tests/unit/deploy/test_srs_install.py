"""SRS comes into its place in one step, once it has run there; or nothing of it is left."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.deploy import elf
from restream_agent.deploy.server_change import SrsSource
from restream_agent.deploy.srs_install import install_srs, srs_change
from tests.unit.deploy.srs_files import script, zipped

GOOD = script("6.0.157")


def runs(executable: str) -> str:
    """Stand in for systemd, which runs the executable in a sandbox: see `script`."""
    status, _, words = Path(executable).read_bytes().rpartition(b"\n")[2].decode().partition(" ")
    assert Path(executable).stat().st_mode & 0o777 == 0o755
    if status != "0":
        raise CommandError(
            (executable, "-v"), f"failed with exit status {status}", output=f"{executable}: {words}"
        )
    return words


class Site:
    """A place for SRS below a directory, and a source beside it."""

    def __init__(self, top: Path) -> None:
        self.top = top / "usr/local"
        self.top.mkdir(parents=True)
        self.place = self.top / "srs/objs/srs"
        self.archive = top / "srs.zip"

    def source(self, executable: bytes) -> SrsSource:
        """Return a source that has this executable."""
        self.archive.write_bytes(zipped({"objs/srs": executable}))
        return SrsSource(str(self.archive), hashlib.sha256(self.archive.read_bytes()).hexdigest())

    def install(self, executable: bytes) -> str:
        """Install it from there."""
        return install_srs(self.source(executable), self.place, version_of=runs)

    def left(self) -> list[str]:
        """Return every path below the top."""
        return sorted(str(path.relative_to(self.top)) for path in self.top.rglob("*"))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """Have no other srs in PATH."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return Site(tmp_path)


def test_it_is_in_its_place_with_the_right_mode(site: Site) -> None:
    """Whatever the umask is: users without rights run it."""
    before = os.umask(0o077)
    try:
        assert site.install(GOOD) == "6.0.157"
    finally:
        os.umask(before)
    assert site.place.read_bytes() == GOOD
    modes = [
        place.stat().st_mode & 0o777 for place in (site.place, site.place.parent, site.place.parent.parent)
    ]
    assert modes == [0o755, 0o755, 0o755]
    assert (site.place.stat().st_uid, site.left()) == (
        os.geteuid(),
        ["srs", "srs/objs", "srs/objs/srs", "srs/restream-agent.json"],
    )


def test_the_same_source_again_changes_nothing(site: Site) -> None:
    """Known by what is written down beside it; a changed file or another source is installed again."""
    source = site.source(GOOD)
    assert srs_change(source, site.place).is_needed
    install_srs(source, site.place, version_of=runs)
    site.archive.unlink()  # nobody reads it a second time
    assert not srs_change(source, site.place).is_needed
    assert srs_change(site.source(script("6.0.158")), site.place).is_needed
    site.place.write_bytes(b"something else")
    assert srs_change(source, site.place).is_needed
    site.place.unlink()
    assert srs_change(source, site.place).is_needed


def test_a_damaged_record_is_no_obstacle(site: Site) -> None:
    """It is made anew."""
    site.install(GOOD)
    record = site.top / "srs/restream-agent.json"
    record.write_text("{")
    assert srs_change(site.source(GOOD), site.place).is_needed
    site.install(GOOD)
    assert set(json.loads(record.read_text())) == {"source", "srs"}


def test_a_newer_one_replaces_it_in_one_step(site: Site) -> None:
    """What runs goes on with its own file."""
    site.install(GOOD)
    with site.place.open("rb") as running:
        assert site.install(script("6.0.158")) == "6.0.158"
        assert running.read() == GOOD


BAD = {
    "old": (script("5.0.213"), "is version 5.0.213; supported is version 6.x"),
    "next": (script("7.0.30"), "is version 7.0.30; supported is version 6.x"),
    "mute": (script(""), "does not say its version; supported is version 6.x"),
    "libraries": (
        script("error while loading shared libraries: libssl.so.10", code=127),
        "does not run on this machine:\nsrs: error while loading shared libraries: libssl.so.10",
    ),
    "text": (b"#!/bin/sh\necho 6.0.157\n", "is not an executable of Linux"),
    "empty": (b"", "is not an executable of Linux"),
    "processor": (GOOD[:18] + b"\xf3\x00" + GOOD[20:], "is for RISC-V, and this machine is "),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_run_here_leaves_nothing(site: Site, name: str) -> None:
    """And says what is wrong with it."""
    executable, words = BAD[name]
    with pytest.raises(RestreamError) as caught:
        site.install(executable)
    assert f"the srs in {site.archive} {words}" in caught.value.message
    assert site.left() == []


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_run_here_leaves_the_one_of_before(site: Site, name: str) -> None:
    """With what is written down of it."""
    source = site.source(GOOD)
    install_srs(source, site.place, version_of=runs)
    before = site.left()
    with pytest.raises(RestreamError):
        site.install(BAD[name][0])
    assert (site.place.read_bytes(), site.left()) == (GOOD, before)
    assert not srs_change(source, site.place).is_needed


def test_ctrl_c_in_the_middle_leaves_nothing(site: Site) -> None:
    """While the executable is tried."""

    def interrupt(_: str) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install_srs(site.source(GOOD), site.place, version_of=interrupt)
    assert site.left() == []


def test_what_a_killed_run_left_goes_with_the_next(site: Site) -> None:
    """A file that is not complete."""
    site.place.parent.mkdir(parents=True)
    (site.place.parent / ".restream-x").write_bytes(b"half")
    site.install(GOOD)
    assert [path.name for path in site.place.parent.iterdir()] == ["srs"]


def test_a_full_disk_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place, and nothing is left."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(RestreamError, match="No space left on device"):
        site.install(GOOD)
    assert site.left() == []


def test_a_directory_of_others_is_refused(site: Site) -> None:
    """Whoever may write there could put another executable into its place."""
    site.top.chmod(0o777)
    with pytest.raises(RestreamError, match=f"others than root may change {site.top}"):
        site.install(GOOD)
    assert site.left() == []


def test_another_srs_that_is_found_first_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be used, and not the installed one."""
    other = site.top / "bin/srs"
    other.parent.mkdir()
    other.write_text("#!/bin/sh\n")
    other.chmod(0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    with pytest.raises(RestreamError, match=f"{other} is found before {site.place}"):
        srs_change(site.source(GOOD), site.place)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\x00", "x86-64"),
        (b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xb7\x00", "ARM64"),
        (b"\x7fELF\x01\x02\x01" + bytes(11) + b"\x00\x08", "MIPS (32 bit)"),
        (b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x02\x01", "a processor with the number 258"),
        (b"\x7fELF", ""),
        (b"MZ" + bytes(30), ""),
    ],
)
def test_an_executable_says_its_processor(header: bytes, words: str) -> None:
    """In both byte orders; elf(5)."""
    assert elf.machine_of(header) == words
