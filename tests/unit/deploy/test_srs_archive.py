"""The executable in a file of SRS: which archives have it, and which are refused."""

import errno
import io
import tarfile
from collections.abc import Callable
from contextlib import suppress

import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.deploy import srs_archive
from restream_agent.deploy.srs_archive import executable
from tests.unit.deploy.srs_files import PACKAGE, script, tarred, zipped

SRS = script("6.0.157")
PUBLISHED = {
    f"{PACKAGE}/INSTALL": b"#!/bin/bash\n",
    f"{PACKAGE}/usr/local/srs/objs/srs": SRS,
    f"{PACKAGE}/usr/local/srs/etc/init.d/srs": b"#!/bin/bash\n",
}


def unpacked(content: bytes) -> bytes:
    """Return the executable that is found."""
    with executable(io.BytesIO(content), "srs.file") as found:
        return found.read()


@pytest.mark.parametrize(
    "content",
    [
        SRS,
        zipped(PUBLISHED),
        *(
            tarred({"srs/trunk/objs/srs": SRS, "srs/README.md": b"x"}, mode=f"w:{kind}")
            for kind in ("", "gz", "xz", "bz2")
        ),
        tarred({"srs": SRS}),  # docker cp CONTAINER:/usr/local/srs/objs/srs - > srs.tar
        zipped({"./objs/srs": SRS}),
    ],
    ids=("executable", "zip of a release", "tar", "tar.gz", "tar.xz", "tar.bz2", "docker cp", "objs"),
)
def test_the_executable_is_found(content: bytes) -> None:
    """Alone, as the project publishes it, and in every usual kind of tar."""
    assert unpacked(content) == SRS


@pytest.mark.parametrize("name", ["../../../etc/objs/srs", "/etc/objs/srs"])
@pytest.mark.parametrize("packed", [zipped, tarred])
def test_a_name_in_an_archive_leads_nowhere(name: str, packed: object) -> None:
    """It is read as bytes; where they go is not for the archive to say."""
    assert callable(packed)
    assert unpacked(packed({name: SRS, "../../x": b"x"})) == SRS


@pytest.mark.parametrize(
    "content",
    [
        zipped({"objs/srs": b"/etc/shadow"}, link="objs/srs"),
        tarred({"objs/srs": b""}, kind=tarfile.SYMTYPE),
        tarred({"objs/srs": b""}, kind=tarfile.LNKTYPE),
        tarred({"objs/srs": b""}, kind=tarfile.CHRTYPE),
    ],
    ids=("symlink in zip", "symlink", "hard link", "device"),
)
def test_a_link_is_refused(content: bytes) -> None:
    """It would be another file, or no file at all."""
    with pytest.raises(RestreamError, match=r"objs/srs in srs\.file is a link or something else than a file"):
        unpacked(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<html>404</html>", "srs.file cannot be unpacked: "),
        (b"", "srs.file cannot be unpacked: "),
        (zipped(PUBLISHED)[:-200], "srs.file cannot be unpacked: "),
        (tarred({"objs/srs": SRS * 5000})[:200], "srs.file cannot be unpacked: "),
        (zipped({"README": b"x"}), "srs.file has no objs/srs"),
        (tarred({"README": b"x"}), "srs.file has no objs/srs"),
        (
            tarred(
                {"srs-server-6.0.157/trunk/configure": b"#!/bin/sh", "srs-server-6.0.157/trunk/objs/.k": b""}
            ),
            "srs.file is the source of SRS, which has to be built",
        ),
        (zipped({"a/objs/srs": SRS, "b/objs/srs": SRS}), "more than one srs: a/objs/srs, b/objs/srs"),
    ],
    # Not the content: an archive has the time in it, and each process of pytest would name it otherwise.
    ids=("page", "nothing", "cut zip", "cut tar", "no srs in zip", "no srs in tar", "source", "two"),
)
def test_what_has_no_srs_is_told(content: bytes, message: str) -> None:
    """In words, with what is expected."""
    with pytest.raises(RestreamError) as caught:
        unpacked(content)
    assert message in caught.value.message
    assert caught.value.hint


def test_a_damaged_member_is_noticed_as_it_is_read() -> None:
    """A zip has a checksum of each."""
    content = bytearray(zipped({"objs/srs": SRS * 100}))
    content[60] ^= 0xFF
    with pytest.raises(RestreamError, match="cannot be unpacked"):
        unpacked(bytes(content))


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_an_executable_too_large_is_not_unpacked(packed: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros compress to nothing."""
    assert callable(packed)
    monkeypatch.setattr(srs_archive, "LARGEST", 1000)
    with pytest.raises(RestreamError, match="and so is not SRS"):
        unpacked(packed({"objs/srs": SRS + bytes(1000)}))


def test_a_tar_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The executable may be behind a terabyte of zeros."""
    monkeypatch.setattr(srs_archive, "_MOST_UNPACKED", 1000)
    with pytest.raises(RestreamError, match="has more in it than an archive of SRS"):
        unpacked(tarred({"zeros": bytes(2000), "objs/srs": SRS}))


@pytest.mark.parametrize("packed", [zipped, tarred])
def test_damage_anywhere_is_told_in_words(packed: Callable[[dict[str, bytes]], bytes]) -> None:
    """Python's modules raise a dozen kinds of errors for it: each byte once, in four ways."""
    content = packed({"ü/objs/README": b"x", "x/objs/srs": SRS})
    for place in range(len(content)):
        for value in (0, 0xFF, 0x80, content[place] ^ 1):
            damaged = content[:place] + bytes([value]) + content[place + 1 :]
            with suppress(RestreamError):
                unpacked(damaged)


def test_a_full_disk_is_not_said_to_be_the_archives_fault() -> None:
    """What is done with the executable may fail, too."""
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match="No space left"), executable(io.BytesIO(SRS), "srs.file"):
        raise full
