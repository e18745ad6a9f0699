"""Finds SRS's executable in an archive, without unpacking anything else.

No name in the archive becomes a path on the machine: the one member is read as a stream of bytes. So neither
`../` nor an absolute name nor a link in an archive leads anywhere.
"""

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO

from restream_agent.base.errors import RestreamError

LARGEST = 512 * 1024 * 1024
"""Bytes of an executable. SRS has 23 MB, and three times that with its sanitizer."""

_MOST_UNPACKED = 4 * LARGEST
"""Bytes of a whole tar archive, which has to be read up to the executable."""

_ELF = b"\x7fELF"
_DAMAGED = (
    zipfile.BadZipFile,
    tarfile.TarError,
    EOFError,
    OSError,
    ValueError,
    LookupError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
)
"""What the modules of Python raise for an archive that is damaged, encrypted, or packed in an unusual way."""

_WHAT_IT_MAY_BE = "the executable srs, or a zip, tar, tar.gz, tar.xz or tar.bz2 that has it as objs/srs"


@contextmanager
def executable(file: IO[bytes], shown: str) -> Iterator[IO[bytes]]:
    """Yield the executable that a file is, or that the archive has; `shown` names the file in messages.

    Raises RestreamError for a file that is neither, and for an archive without exactly one regular
    `objs/srs`, or `srs` at its top.
    """
    beginning = file.read(len(_ELF))
    file.seek(0)
    try:
        if beginning == _ELF:
            yield file
        elif zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive, archive.open(_in_zip(archive, shown)) as found:
                yield found
        else:
            file.seek(0)
            yield _in_tar(file, shown)
    except _DAMAGED as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # not of the archive: a full disk, for example
        raise RestreamError(
            f"{shown} cannot be unpacked: {error}", hint=f"expected: {_WHAT_IT_MAY_BE}"
        ) from error


def _in_zip(archive: zipfile.ZipFile, shown: str) -> zipfile.ZipInfo:
    members = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
    name = _the_one(list(members), shown)
    found = members[name]
    # The upper half of this field is the mode, where the archive was made on a system that has modes.
    kind = stat.S_IFMT(found.external_attr >> 16)
    _require_regular(name, shown, is_regular=kind in (0, stat.S_IFREG), size=found.file_size)
    return found


def _in_tar(file: IO[bytes], shown: str) -> IO[bytes]:
    archive = tarfile.open(fileobj=file, mode="r:*")  # noqa: SIM115 - it ends with the file
    members, size = dict[str, tarfile.TarInfo](), 0
    for member in archive:
        size += member.size
        if size > _MOST_UNPACKED:
            raise RestreamError(f"{shown} has more in it than an archive of SRS")
        if not member.isdir():
            members[member.name] = member
    name = _the_one(list(members), shown)
    _require_regular(name, shown, is_regular=members[name].isreg(), size=members[name].size)
    found = archive.extractfile(members[name])
    assert found is not None  # as it is for a regular member
    return found


def _the_one(names: Sequence[str], shown: str) -> str:
    """Return the name of the executable among the members of an archive."""
    found = [name for name in names if _is_srs(name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise RestreamError(
            f"{shown} has more than one srs: {', '.join(found)}", hint="name the executable itself"
        )
    if any(name.endswith("trunk/configure") for name in names):
        raise RestreamError(
            f"{shown} is the source of SRS, which has to be built",
            hint="docs/install.md, section SRS, says how",
        )
    raise RestreamError(f"{shown} has no objs/srs", hint=f"expected: {_WHAT_IT_MAY_BE}")


def _is_srs(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return parts[-2:] == ("objs", "srs") or [part for part in parts if part != "."] == ["srs"]


def _require_regular(name: str, shown: str, *, is_regular: bool, size: int) -> None:
    if not is_regular:
        raise RestreamError(
            f"{name} in {shown} is a link or something else than a file; nothing was unpacked"
        )
    if size > LARGEST:
        raise RestreamError(f"{name} in {shown} has more than {LARGEST // 2**20} MiB, and so is not SRS")
