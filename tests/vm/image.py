"""The disk of a machine: Debian with a kernel and what the package needs, made once and kept in .cache/vm.

The name of a kept disk has a digest of everything that decides its content, so a change makes a new one.
"""

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base.process import interruption_held_back
from tests.vm import command_server
from tests.vm.workplace import CACHE, remove, workplace

SUITES = {"bookworm": "deb12", "trixie": "deb13"}
"""Debian's releases that a machine may have, and how the versions of their packages end."""

DISK = "6G"  # sparse: it takes about 1 GB
BUILDING = 3600  # seconds: two minutes with a near mirror
TIDYING = 300.0  # seconds in which an interrupted mmdebstrap ends
PACKAGES = (
    "linux-image-cloud-amd64", "systemd-sysv", "udev", "dbus", "kmod",
    # What the package needs or recommends; the machine has no network when apt installs it.
    "ca-certificates", "ffmpeg", "fontconfig", "fonts-dejavu-core", "libnginx-mod-rtmp", "nginx", "polkitd",
    "procps", "python3",
    # What the checks use; libssl3 is for SRS.
    "curl", "iproute2", "libssl3", "util-linux",
)  # fmt: skip
SILENT = ("nginx.service", "apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer")
SERVER_UNIT = """\
[Unit]
Description=Commands of the checks, over virtio-serial
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/bin/python3 /usr/local/sbin/command-server
Restart=always
Slice=lab.slice
OOMScoreAdjust=-900
[Install]
WantedBy=multi-user.target
"""
FILES = {
    "etc/fstab": "/dev/vda / ext4 rw 0 1\n/dev/vdb /media ext4 ro 0 0\n",
    "etc/hostname": "machine\n",
    "etc/hosts": "127.0.0.1 localhost machine\n",
    # A power-off shall not take the last minutes of the journal along.
    "etc/systemd/journald.conf.d/lab.conf": "[Journal]\nStorage=persistent\nSyncIntervalSec=2s\n",
    "etc/systemd/system/command-server.service": SERVER_UNIT,
    # The checks are no part of the machine whose processors the broadcast shares.
    "etc/systemd/system/lab.slice": "[Slice]\nCPUWeight=1000\n",
}


@dataclass(frozen=True)
class Image:
    """A disk, and the kernel and initial file system that boot it."""

    disk: Path
    kernel: Path
    initrd: Path

    def is_made(self) -> bool:
        """Tell whether an earlier run has made it."""
        return self.disk.exists()


def image_of(suite: str) -> Image:
    """Return where the image of a release is, or will be."""
    directory = CACHE / f"{suite}-{_digest(suite)}"
    return Image(directory / "disk.raw", directory / "vmlinuz", directory / "initrd.img")


def make(suite: str) -> Image:
    """Return the image of a release, made unless it is kept; images of earlier scripts are removed."""
    image = image_of(suite)
    if not image.is_made():
        for earlier in CACHE.glob(f"{suite}-*"):
            remove(earlier)
        with workplace("making") as directory:
            _make(suite, directory, image)
    return image


def _make(suite: str, directory: Path, image: Image) -> None:
    root, made = directory / "root", directory / "made"
    _bootstrap(suite, root)
    _furnish(root)
    made.mkdir()
    for name, kept in (("vmlinuz", image.kernel), ("initrd.img", image.initrd)):
        shutil.copy(next(root.glob(f"boot/{name}-*")), made / kept.name)
    pack(root, made / image.disk.name, DISK)
    made.rename(image.disk.parent)


def run_interruptibly(argv: Sequence[str], timeout: float) -> None:
    """Run a program that has to tidy up after itself; CalledProcessError if it fails.

    mmdebstrap mounts /proc and /sys in the root. A kill, which is what `subprocess.run` does a moment after
    Ctrl-C, would leave them mounted; an interrupt has it unmount them.
    """
    process: subprocess.Popen[bytes] | None = None
    try:
        # One that comes while the program is being started, too, finds it known here.
        with interruption_held_back():
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, process_group=0)
        status = process.wait(timeout)
    except BaseException:
        if process is not None:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(TIDYING)
        raise
    if status:
        raise subprocess.CalledProcessError(status, tuple(argv))


def pack(directory: Path, disk: Path, size: str) -> None:
    """Write a disk with a file system that holds a directory; `size` as mke2fs(8) takes it."""
    argv = ("mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=1", "-d", str(directory), str(disk), size)
    subprocess.run(argv, timeout=BUILDING, check=True)


def _digest(suite: str) -> str:
    parts = (suite, DISK, *PACKAGES, *SILENT, *FILES, *FILES.values(), _command_server())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _command_server() -> str:
    return Path(str(command_server.__file__)).read_text()


def _bootstrap(suite: str, root: Path) -> None:
    argv = (
        "mmdebstrap", "--quiet", "--variant=apt", f"--include={','.join(PACKAGES)}",
        "--aptopt=APT::Install-Recommends \"false\"", suite, str(root),
    )  # fmt: skip
    run_interruptibly(argv, BUILDING)


def _furnish(root: Path) -> None:
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    command = root / "usr/local/sbin/command-server"
    command.write_text(_command_server())
    command.chmod(0o755)
    systemctl = ("systemctl", f"--root={root}", "--quiet")
    subprocess.run((*systemctl, "enable", "command-server.service"), timeout=60, check=True)
    subprocess.run((*systemctl, "mask", *SILENT), timeout=60, check=True)
