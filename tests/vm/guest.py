"""A machine in a virtual machine: boots, runs commands, is switched off, and ends with this process."""

import json
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from tests.lab.deadline import PATIENCE, LabError
from tests.vm import qemu
from tests.vm.image import Image
from tests.vm.workplace import workplace

SLOWEST = 60
"""A second of an emulated machine took 45 of ours on a computer with a load of ten for each processor."""

BOOTING = 120.0  # seconds of the machine's own time, of which an emulated one needs 11
ENDING = 3600.0  # seconds of ours
SNAPSHOT = "installed"
POLL_SECONDS = 1.0  # of the machine's own time
Result = TypeVar("Result")


class Guest:
    """Context manager around a booted machine, or one that goes on where `save` has kept it."""

    def __init__(self, image: Image, payload: Path, accelerated: str, kept: Path | None = None) -> None:
        self._image, self._payload, self._accelerated, self._kept = image, payload, accelerated, kept
        self._directory = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._numbers = count(1)
        self._answers: dict[int, dict[str, Any]] = {}
        self._answered = threading.Condition()
        self._is_on = False
        self._receiver: threading.Thread | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "Guest":
        try:
            self._directory = self._stack.enter_context(workplace("run"))
            if self._kept is not None:
                shutil.copy(self._kept, self._disk)
                self._start("-loadvm", SNAPSHOT)
                return self
            disk = ("-b", str(self._image.disk), str(self._disk))
            make = ("qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", *disk)
            subprocess.run(make, timeout=60, check=True)
            self.switch_on()
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
        self._start()
        # qemu keeps the question until somebody in the machine hears it.
        script = "until systemctl is-system-running --wait | grep -qE 'running|degraded'; do sleep 1; done"
        if self._ask(("sh", "-c", script), BOOTING, None)["code"]:
            raise LabError(f"the machine did not boot:\n{self._console()}")

    def save(self, kept: Path) -> None:
        """Keep the machine as it runs, for a `Guest` that goes on from here."""
        self._order("stop")
        problem = self._order("human-monitor-command", **{"command-line": f"savevm {SNAPSHOT}"})
        if problem:
            raise LabError(f"the machine cannot be kept: {problem}")
        shutil.copy(self._disk, kept)
        self._order("cont")

    def _start(self, *more: str) -> None:
        command = qemu.command(self._image, self._directory, self._payload, self._accelerated)
        argv = (*command, *more)
        with (self._directory / "qemu.log").open("wb") as log:
            self._process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._line = self._connect("commands")
        self._is_on = True
        self._receiver = threading.Thread(target=self._receive, args=(self._line,), daemon=True)
        self._receiver.start()

    def cut_power(self) -> None:
        """End the machine at once; it learns nothing of it. What it had written is on its disk."""
        assert self._process is not None
        with suppress(OSError):
            self._order("quit")
        self._end()

    def reboot(self) -> None:
        """Reboot as an administrator does, and wait until the machine has booted."""
        with suppress(LabError):  # it may end before it has answered
            self.run(("systemctl", "--no-block", "reboot"))
        assert self._process is not None
        try:
            self._process.wait(ENDING)  # qemu ends where the machine would start again (-no-reboot)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"the machine did not end within {ENDING:.0f} s:\n{self._console()}") from error
        self._end()
        self.switch_on()

    def run(
        self, argv: Sequence[str], *, timeout: float = 30, check: bool = True, input: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as root, and return its result; raises LabError with its output if it fails.

        `timeout` is in seconds of the machine's own time.
        """
        answer = self._ask(argv, timeout * PATIENCE, input)
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

    def uptime(self, pause: float = 0) -> float:
        """Return the seconds since the machine's boot, of its own time, after a pause in it."""
        return float(self.shell(f"sleep {pause:g}; exec cat /proc/uptime").split()[0])

    def wait_until(self, predicate: Callable[[], Result], timeout: float, what: str) -> Result:
        """Poll until the predicate returns a true value; the LabError ends with the last journal lines.

        `timeout` is in seconds of the machine's own time.
        """
        deadline = self.uptime() + timeout * PATIENCE
        while True:
            if result := predicate():
                return result
            # The pause is in the machine's own time: questions without one would be most of what it does.
            if self.uptime(POLL_SECONDS) >= deadline:
                tail = self.run(
                    ("journalctl", "--no-pager", "-n", "60", "-o", "short-monotonic"), check=False
                )
                raise LabError(
                    f"timed out after {timeout * PATIENCE:.0f} s waiting for {what}\n{tail.stdout}"
                )

    def journal(self) -> str:
        """Return the whole journal, of every boot."""
        return self.run(("journalctl", "--no-pager", "-o", "short-iso"), timeout=120).stdout

    def close(self) -> None:
        """End the machine and remove its disk. Safe to call twice."""
        if self._process is not None:
            self._process.kill()
            self._end()
        self._stack.close()

    @property
    def _disk(self) -> Path:
        return self._directory / "disk.qcow2"

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait(60)
        if self._receiver is not None:
            self._receiver.join()  # the line has ended with qemu
        if self._line is not None:
            self._line.close()
        self._process = self._line = self._receiver = None

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

    def _console(self) -> str:
        return (self._directory / "console").read_text(errors="replace")[-4000:]

    def _order(self, name: str, **arguments: str) -> object:
        """Have qemu do something, and return what it answers; LabError if it refuses."""
        orders: tuple[dict[str, object], ...] = (
            {"execute": "qmp_capabilities"},
            {"execute": name, "arguments": arguments},
        )
        with self._connect("monitor") as monitor, monitor.makefile("r") as answers:
            answers.readline()  # a greeting
            for order in orders:
                monitor.sendall(json.dumps(order).encode() + b"\n")
                # Events may come before the answer.
                said = (json.loads(line) for line in answers)
                answer: dict[str, Any] = next((each for each in said if "event" not in each), {})
                if "error" in answer:
                    raise LabError(f"qemu: {name}: {answer['error']}")
        return answer.get("return")

    def _ask(self, argv: Sequence[str], timeout: float, input: str | None) -> dict[str, Any]:
        """Send a request, and return the answer. `timeout` is in seconds of the machine's own time."""
        number = next(self._numbers)
        request = {"id": number, "argv": tuple(argv), "timeout": timeout, "input": input}
        patience = timeout * SLOWEST
        with self._answered:
            if self._line is None:
                raise LabError(f"{' '.join(argv)}: the machine is off")
            self._line.sendall(json.dumps(request).encode() + b"\n")
            # The machine ends the command after `timeout` in its own time.
            if not self._answered.wait_for(lambda: number in self._answers or not self._is_on, patience):
                raise LabError(f"{' '.join(argv)}: no answer from the machine within {patience:.0f} s")
            if number not in self._answers:
                raise LabError(f"{' '.join(argv)}: the machine has ended:\n{self._console()}")
            return self._answers.pop(number)

    def _receive(self, line: socket.socket) -> None:
        pending = b""
        with suppress(OSError):
            while received := line.recv(1 << 16):
                *lines, pending = (pending + received).split(b"\n")
                for text in lines:
                    answer = json.loads(text)
                    with self._answered:
                        self._answers[answer["id"]] = answer
                        self._answered.notify_all()
        with self._answered:
            self._is_on = False
            self._answered.notify_all()
