"""Files from which SRS could be installed: archives as its project makes them, and hostile ones."""

import io
import stat
import tarfile
import zipfile
from pathlib import Path

OURS = Path("/proc/self/exe").read_bytes()[:64]
"""The beginning of an executable of this machine."""

PACKAGE = "SRS-CentOS7-x86_64-6.0.157"
"""The directory in a zip of the project's releases (its trunk/scripts/package.sh)."""


def script(words: str, *, code: int = 0) -> bytes:
    """Return an executable that begins as this machine's do, for a runner that only looks at its end."""
    return OURS + f"\n{code} {words}".encode()


def zipped(members: dict[str, bytes], *, link: str = "") -> bytes:
    """Return a zip; the member `link` is a symbolic link to its content."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            kind = stat.S_IFLNK if name == link else stat.S_IFREG
            info.external_attr = (kind | 0o755) << 16
            archive.writestr(info, content)
    return file.getvalue()


def tarred(members: dict[str, bytes], *, mode: str = "w:gz", kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return a tar; `kind` is what `objs/srs` in it is."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if kind != tarfile.REGTYPE and name.endswith("objs/srs"):
                info.type, info.linkname, info.size = kind, "/etc/shadow", 0
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()
