"""A machine in a virtual machine: boots, runs commands, is switched off, and ends with this process."""

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TypeVar

from tests.lab.deadline import PATIENCE, LabError
from tests.vm import qemu
from tests.vm.image import CACHE, Image

REFERENCE_BOOT = 8.0
"""Seconds from qemu's start to the first command, about, with two idle processors and KVM."""

BOOTING = 900.0  # seconds: an emulated machine on a busy computer needs some minutes
POLL_SECONDS = 0.5
Result = TypeVar("Result")


class Guest:
    """Context manager around a booted machine. `pace` is how much slower it is than one with KVM."""

    def __init__(self, image: Image, payload: Path, accelerated: str) -> None:
        self.pace = 1.0
        self._image, self._payload, self._accelerated = image, payload, accelerated
        self._directory = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._numbers = count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._answered = threading.Condition()
        self._previous_sigterm: object = None

    def __enter__(self) -> "Guest":
        self._previous_sigterm = signal.signal(signal.SIGTERM, _exit_on_sigterm)
        try:
            sweep()
            self._directory = Path(tempfile.mkdtemp(prefix=f"run-{os.getpid()}-", dir=CACHE))
            disk = ("-b", str(self._image.disk), str(self._directory / "disk.qcow2"))
            make = ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", *disk)
            subprocess.run(make, timeout=60, check=True)
            began = time.monotonic()
            self.switch_on()
            self.pace = max(1.0, (time.monotonic() - began) / REFERENCE_BOOT)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def switch_on(self) -> None:
        """Start the machine, and wait until it has booted."""
        argv = qemu.command(self._image, self._directory, self._payload, self._accelerated)
        with (self._directory / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._line = self._connect("commands")
        threading.Thread(target=self._receive, args=(self._line,), daemon=True).start()
        self._wait_booted("")

    def cut_power(self) -> None:
        """End the machine at once; it learns nothing of it. What it had written is on its disk."""
        assert self._process is not None
        with suppress(OSError), self._connect("monitor") as monitor:
            for order in ("qmp_capabilities", "quit"):
                monitor.sendall(json.dumps({"execute": order}).encode() + b"\n")
            while monitor.recv(1 << 16):
                pass
        self._end()

    def reboot(self) -> None:
        """Reboot as an administrator does, and wait until the machine has booted."""
        before = self.boot_id()
        self.run(("systemctl", "--no-block", "reboot"))
        self._wait_booted(before)

    def boot_id(self) -> str:
        """Return what differs from boot to boot."""
        return self.read("/proc/sys/kernel/random/boot_id").strip()

    def run(
        self, argv: Sequence[str], *, timeout: float = 30, check: bool = True, input: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root, and return its result; raises LabError with its output if it fails.

        `timeout` is in seconds of the machine's own time.
        """
        answer = self._ask(argv, timeout, input)
        done = subprocess.CompletedProcess(tuple(argv), answer["code"], answer["out"], answer["err"])
        if check and done.returncode != 0:
            raise LabError(f"{' '.join(argv)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def shell(self, script: str, *, timeout: float = 30, check: bool = True) -> str:
        """Run a script of sh(1), and return what it has written to standard output."""
        return self.run(("sh", "-euc", script), timeout=timeout, check=check).stdout

    def write(self, path: str | Path, text: str, mode: int = 0o644) -> None:
        """Write a file, and make its directory."""
        self.run(("install", "-D", "-m", f"{mode:o}", "/dev/stdin", str(path)), input=text)

    def read(self, path: str | Path) -> str:
        """Return the text of a file."""
        return self.run(("cat", str(path))).stdout

    def show(self, unit: str, prop: str) -> str:
        """Return one property of a unit."""
        return self.run(("systemctl", "show", "-P", prop, "--", unit)).stdout.strip()

    def wait_until(self, predicate: Callable[[], Result], timeout: float, what: str) -> Result:
        """Poll until the predicate returns a true value; the LabError ends with the last journal lines.

        `timeout` is in seconds of the machine's own time.
        """
        deadline = time.monotonic() + timeout * PATIENCE * self.pace
        while True:
            if result := predicate():
                return result
            if time.monotonic() >= deadline:
                tail = self.run(
                    ("journalctl", "--no-pager", "-n", "60", "-o", "short-monotonic"), check=False
                )
                raise LabError(
                    f"timed out after {timeout * PATIENCE:.0f} s waiting for {what}\n{tail.stdout}"
                )
            time.sleep(POLL_SECONDS * self.pace)

    def journal(self) -> str:
        """Return the whole journal, of every boot."""
        return self.run(("journalctl", "--no-pager", "-o", "short-iso"), timeout=120).stdout

    def close(self) -> None:
        """End the machine and remove its disk. Safe to call twice."""
        if self._process is not None:
            self._process.kill()
            self._end()
        if self._directory != Path():
            shutil.rmtree(self._directory, ignore_errors=True)
        if self._previous_sigterm is not None:
            signal.signal(signal.SIGTERM, self._previous_sigterm)  # type: ignore[arg-type]
            self._previous_sigterm = None

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait(60)
        if self._line is not None:
            self._line.close()
        self._process = self._line = None

    def _connect(self, name: str) -> socket.socket:
        """Connect to a socket of qemu, which makes it a moment after its start."""
        deadline = time.monotonic() + 60
        while True:
            line = socket.socket(socket.AF_UNIX)
            try:
                line.connect(str(self._directory / name))
                return line
            except OSError as error:
                line.close()
                if time.monotonic() > deadline or self._process is None or self._process.poll() is not None:
                    log = (self._directory / "qemu.log").read_text()
                    raise LabError(f"the machine did not start: {error}\n{log}") from error
            time.sleep(0.1)

    def _wait_booted(self, before: str) -> None:
        """Wait until a boot other than `before` has ended. A command that gets no answer is sent again."""
        deadline = time.monotonic() + BOOTING
        script = "cat /proc/sys/kernel/random/boot_id; systemctl is-system-running || true"
        while time.monotonic() < deadline:
            with suppress(LabError):
                boot, _, state = self._ask(("sh", "-c", script), 5.0, None)["out"].partition("\n")
                if boot and boot != before and state.strip() in ("running", "degraded"):
                    return
            time.sleep(POLL_SECONDS)
        console = (self._directory / "console").read_text(errors="replace")
        raise LabError(f"the machine did not boot within {BOOTING:.0f} s:\n{console[-4000:]}")

    def _ask(self, argv: Sequence[str], timeout: float, input: str | None) -> dict[str, Any]:
        if self._line is None or self._process is None or self._process.poll() is not None:
            raise LabError(f"{' '.join(argv)}: the machine is off")
        number = next(self._numbers)
        request = {"id": number, "argv": tuple(argv), "timeout": timeout * PATIENCE, "input": input}
        self._line.sendall(json.dumps(request).encode() + b"\n")
        with self._answered:
            # The machine ends the command after `timeout` in its own time.
            patience = timeout * PATIENCE * self.pace + 30
            if not self._answered.wait_for(lambda: number in self._answers, patience):
                raise LabError(f"{' '.join(argv)}: no answer from the machine within {patience:.0f} s")
            return self._answers.pop(number)

    def _receive(self, line: socket.socket) -> None:
        pending = b""
        with suppress(OSError):
            while received := line.recv(1 << 16):
                *lines, pending = (pending + received).split(b"\n")
                for text in lines:
                    with suppress(ValueError):  # half a line, from before a reboot
                        answer = json.loads(text)
                        with self._answered:
                            self._answers[answer["id"]] = answer
                            self._answered.notify_all()


def _exit_on_sigterm(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def sweep() -> None:
    """Remove the disks of machines whose run was killed."""
    for path in CACHE.glob("run-*"):
        if not Path("/proc", path.name.split("-")[1]).exists():
            shutil.rmtree(path, ignore_errors=True)
