"""A machine in which the package is installed, kept as it ran: an emulated one needs many minutes for that.

The name of a kept machine has a digest of everything that decides its content, as that of a disk.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab import obs
from tests.lab.servers import SRS
from tests.vm import broadcast, image, payload, qemu
from tests.vm.guest import Guest
from tests.vm.workplace import CACHE, remove, workplace


@contextmanager
def machine(suite: str, server: str, accelerated: str) -> Iterator[broadcast.MachineBroadcast]:
    """Boot a machine and install the package, or continue one in which an earlier run did both."""
    disk = image.make(suite)
    kept = CACHE / f"installed-{suite}-{server}-{digest(disk, suite, server, accelerated)}"
    if kept.exists():
        with Guest(disk, kept / "payload.raw", accelerated, kept / "disk.qcow2") as guest:
            yield broadcast.installed(guest, server)
        return
    for earlier in CACHE.glob(f"installed-{suite}-{server}-*"):
        remove(earlier)
    with workplace("payload") as directory, workplace("making") as making:
        second = payload.make(suite, directory)
        with Guest(disk, second, accelerated) as guest:
            played = broadcast.install(guest, server)
            shutil.copy(second, making / "payload.raw")
            guest.save(making / "disk.qcow2")
            making.rename(kept)
            yield played


def digest(disk: image.Image, suite: str, server: str, accelerated: str) -> str:
    """Return what a kept machine is known by: its disk and processor, what is installed in it, and how."""
    files = (payload.package(suite), SRS, Path(broadcast.__file__), Path(obs.__file__), Path(qemu.__file__))
    scripts = (Path(str(script.__file__)) for script in payload.SCRIPTS)
    found = hashlib.sha256(f"{disk.disk} {server} {accelerated}".encode())
    for path in (*files, *scripts, Path(payload.__file__)):
        found.update(path.read_bytes() if path.exists() else b"")
    return found.hexdigest()[:12]
