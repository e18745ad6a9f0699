"""A real systemd in a container whose root is a throw-away copy of this machine's root, or of another.

Loopback, process ids, journal and /run are private to the container. Writes to its files go to memory and
vanish with it. Needs root and the packages systemd-container and dbus.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO, TypeVar

from tests.lab import cgroups, remains
from tests.lab.boot import SHARED, boot_command
from tests.lab.deadline import PATIENCE, LabError, wait_until

BOOT_SECONDS = 30.0  # booting usually takes 0.6 s, and longer on a loaded machine
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "HOME": "/root",
}

Result = TypeVar("Result")

booted: "list[Container]" = []
"""The containers that run now, in the order of their start."""


class Container:
    """Context manager around one booted container.

    `shared` is a directory on the host's disk that appears as /lab inside. `leader` is the host's process id
    of the container's PID 1. `root` is what the container's root is a copy of.
    """

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self.name = remains.new_name()
        self.base = remains.BASE_DIRECTORY / self.name
        self.shared = self.base / "shared"
        self.leader = 0
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._started: list[subprocess.Popen[bytes]] = []
        self._previous_sigterm: object = None

    def __enter__(self) -> "Container":
        self._previous_sigterm = signal.signal(signal.SIGTERM, _exit_on_sigterm)
        try:
            self._boot()
        except BaseException:
            self.close()
            raise
        booted.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout: float = 30,
        check: bool = True,
        input: str | None = None,
        user: str | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return its result; raises LabError with its output if it fails."""
        done = subprocess.run(
            self._inside(argv, user),
            timeout=timeout * PATIENCE,
            check=False,
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
        )
        if check and done.returncode != 0:
            raise LabError(f"{' '.join(argv)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def popen(
        self,
        argv: Sequence[str],
        *,
        stdin: int | IO[bytes] = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.DEVNULL,
        user: str | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process inside, in a process group of its own. It ends with the container at the latest.

        The returned pid is that of nsenter; `signal_group` reaches the process that nsenter started.
        """
        process = subprocess.Popen(
            self._inside(argv, user),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env=ENVIRONMENT,
            start_new_session=True,
        )
        self._started.append(process)
        return process

    def write(self, path: str | Path, text: str, mode: int = 0o644) -> None:
        """Write a file inside, and make its directory.

        A process inside writes it: from outside, an absolute symlink in the path would lead to a file of
        the host.
        """
        self.run(("install", "-D", "-m", f"{mode:o}", "/dev/stdin", str(path)), input=text)

    def read(self, path: str | Path) -> str:
        """Return the text of a file inside."""
        return self.run(("cat", str(path))).stdout

    def wait_until(self, predicate: Callable[[], Result], timeout: float, what: str) -> Result:
        """Poll until the predicate returns a true value; the LabError ends with the last journal lines."""
        try:
            return wait_until(predicate, timeout, what)
        except LabError as error:
            raise LabError(f"{error}\n{self.journal(40)}") from error

    def is_active(self, unit: str) -> bool:
        """Tell whether a unit is active inside."""
        return self.run(("systemctl", "is-active", "--quiet", unit), check=False).returncode == 0

    def journal(self, lines: int | None = None) -> str:
        """Return the journal with monotonic times: the last lines, or all of it."""
        last = () if lines is None else ("-n", str(lines))
        return self.run(("journalctl", "--no-pager", "-o", "short-monotonic", *last)).stdout

    def reboot(self) -> None:
        """Reboot the container and wait until it is up; every process started with `popen` is gone."""
        before = self.leader
        self.run(("systemctl", "reboot"), check=False)
        wait_until(lambda: self._is_down(before), BOOT_SECONDS, "the container to go down")
        wait_until(self._is_running, BOOT_SECONDS, "systemd in the container to be up again")

    def close(self) -> None:
        """End every process, and remove the control groups and the files. Safe to call twice."""
        if self in booted:
            booted.remove(self)
        for process in self._started:
            end_group(process)
        self._started.clear()
        self._kill_nspawn()
        remains.remove(self.name)
        if self._previous_sigterm is not None:
            signal.signal(signal.SIGTERM, self._previous_sigterm)  # type: ignore[arg-type]
            self._previous_sigterm = None

    def _boot(self) -> None:
        remains.sweep()
        self.shared.mkdir(parents=True)
        (self.base / "overlay").mkdir()
        groups = cgroups.create(self.name)
        with (self.base / "console.log").open("wb") as console:
            self._nspawn = subprocess.Popen(
                boot_command(self.base, self.name, groups, self._root),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        wait_until(self._is_running, BOOT_SECONDS, "systemd in the container to be up")

    def _is_down(self, leader: int) -> bool:
        """Tell whether the container's systemd has ended, after ending every process started with `popen`.

        systemd-shutdown stops all processes (SIGSTOP) before it ends them. nsenter stops with its child and
        would then never reap it; an OBS that reconnects in a thread of its own may have begun one just now.
        """
        while self._started:
            end_group(self._started.pop())
        return not Path(f"/proc/{leader}").exists()

    def _is_running(self) -> bool:
        assert self._nspawn is not None
        if self._nspawn.poll() is not None:
            raise LabError(f"the container did not boot:\n{(self.base / 'console.log').read_text()}")
        self.leader = _systemd_below(self._nspawn.pid)
        if not self.leader:
            return False
        state = self.run(("systemctl", "is-system-running"), check=False).stdout.strip()
        return state in ("running", "degraded")

    def _kill_nspawn(self) -> None:
        if self._nspawn is not None:
            self._nspawn.kill()  # every process inside ends with it, see `boot_command`
            self._nspawn.wait(5 * PATIENCE)
            self._nspawn = None

    def _inside(self, argv: Sequence[str], user: str | None) -> tuple[str, ...]:
        as_user = ("runuser", "-u", user, "--") if user else ()
        return ("nsenter", "--target", str(self.leader), "--all", "--root", "--wd", *as_user, *argv)


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process started with `Container.popen` and to its children."""
    if process.poll() is None:
        os.killpg(process.pid, number)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a process started with `Container.popen` and wait for it."""
    signal_group(process, signal.SIGKILL)
    process.wait(5 * PATIENCE)
    if process.stdin:
        process.stdin.close()


def _systemd_below(parent: int) -> int:
    """Return the container's PID 1 among the descendants of a process; 0 if it does not exist yet."""
    try:
        if Path(f"/proc/{parent}/comm").read_text().strip() == "systemd":
            return parent
        children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    except OSError:
        return 0  # nspawn's first child ends during boot
    return next(filter(None, map(_systemd_below, map(int, children))), 0)


def _exit_on_sigterm(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


__all__ = ["SHARED", "Container", "end_group", "signal_group"]
