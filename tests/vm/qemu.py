"""The command that runs a machine, and whether this computer's processor can run it itself (KVM)."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from tests.vm.image import Image

KVM = "kvm"
EMULATED = "tcg,thread=single"
"""QEMU translates every instruction, which takes ten times as long and more.

So such a machine has a time of its own, in which an instruction takes a nanosecond, however long it took:
no time limit of a unit passes because the machine is emulated. In its own time it is a slow one, with one
processor. States count there, and milliseconds do not.
"""

PROBE_SECONDS = 30.0  # a kernel under KVM starts its first process within two seconds
STARTED = "Run /init as init process"  # init/main.c
MEMORY = "4096"  # MiB: a unit may take 2 GiB before its limit stops it
_PROCESSORS = {
    KVM: ("-cpu", "host", "-smp", "2"),
    # Where a processor promises fast string instructions (ERMS), memory is copied and cleared with them,
    # which the emulation does byte by byte; a fifth level of page tables is one more to walk.
    EMULATED: (
        "-cpu",
        "max,erms=off,la57=off",
        "-smp",
        "1",
        "-icount",
        "shift=0,sleep=on",
        "-rtc",
        "clock=vm",
    ),
}

# The machine ends with this process, even after SIGKILL; setpriv(1). Ordinary work goes first.
_LAUNCH = ("setpriv", "--pdeathsig", "KILL", "nice", "-n", "5", "qemu-system-x86_64")
_APPEND = "root=/dev/vda rw console=ttyS0 panic=-1 systemd.show_status=0"
# What protects a kernel from its processor makes an emulated one slower, and protects it from nothing.
_APPENDS = {KVM: _APPEND, EMULATED: f"{_APPEND} mitigations=off"}


def accelerator(image: Image) -> str:
    """Return KVM if a machine really comes up on it, else emulation: /dev/kvm may exist and run nothing."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return EMULATED
    with tempfile.TemporaryDirectory() as directory:
        console = Path(directory, "console")
        argv = (*_LAUNCH, *_processor(KVM), *_kernel(image, "console=ttyS0 loglevel=7 panic=-1"))
        argv = (*argv, "-display", "none", "-nic", "none", "-no-reboot", "-serial", f"file:{console}")
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            return KVM if _comes_up(process, console) else EMULATED
        finally:
            process.kill()
            process.wait()


def command(image: Image, directory: Path, payload: Path, accelerated: str) -> tuple[str, ...]:
    """Return the argv of a machine whose disk and sockets are in a directory; see `Guest`."""
    # fmt: off
    return (
        *_LAUNCH, *_processor(accelerated), *_kernel(image, _APPENDS[accelerated]),
        "-display", "none", "-nic", "none", "-no-reboot",
        # What the machine has written survives the end of qemu, as a disk's content does.
        "-drive", f"file={directory}/disk.qcow2,if=virtio,format=qcow2,cache=unsafe",
        "-drive", f"file={payload},if=virtio,format=raw,readonly=on",
        "-device", "virtio-serial",
        "-chardev", f"socket,id=commands,path={directory}/commands,server=on,wait=off",
        "-device", "virtserialport,chardev=commands,name=commands",
        "-qmp", f"unix:{directory}/monitor,server=on,wait=off",
        "-serial", f"file:{directory}/console",
    )
    # fmt: on


def _processor(accelerated: str) -> tuple[str, ...]:
    return ("-machine", "q35", "-accel", accelerated, *_PROCESSORS[accelerated], "-m", MEMORY)


def _kernel(image: Image, append: str) -> tuple[str, ...]:
    return ("-kernel", str(image.kernel), "-initrd", str(image.initrd), "-append", append)


def _comes_up(process: "subprocess.Popen[bytes]", console: Path) -> bool:
    deadline = time.monotonic() + PROBE_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        if console.exists() and STARTED in console.read_text(errors="replace"):
            return True
        time.sleep(0.1)
    return False
