"""systemctl and other programs of systemd. Every change is logged with its unit and reason."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import Protocol

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.process import run
from restream_agent.systemd import unit_state
from restream_agent.systemd.unit_state import UnitState

log = logging.getLogger(__name__)

QUERY_TIMEOUT = 10.0
"""Seconds. PID 1 answers a query in milliseconds; on a loaded machine it takes longer."""

JOB_TIMEOUT = 60.0
"""Seconds. Starting or stopping one of our units takes less, even if TimeoutStopSec= runs out."""

_LONGEST_JOB = 7 * 86400.0
"""Seconds. A conversion that makes no progress ends by itself."""

_STATUS_EVERY = 0.5
"""Seconds."""

_MANY = 20
"""Instances of one template; above that they are asked for together."""


class Runner(Protocol):
    """The shape of process.run."""

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        """Run a program; CommandError if it fails."""
        ...


class SecretRunner(Protocol):
    """The shape of process.run with standard input for the program."""

    def __call__(self, argv: tuple[str, ...], *, timeout: float, input: bytes) -> CompletedProcess[str]:
        """Run a program; CommandError if it fails."""
        ...


UnitLook = Callable[[Iterable[str]], dict[str, UnitState]]
"""Returns the state of each unit that matches a pattern and has ever run, by name."""


def show_units(runner: Runner, patterns: Iterable[str]) -> dict[str, UnitState]:
    """Have systemctl show units: a UnitLook."""
    argv = ("systemctl", "show", "--property", ",".join(unit_state.PROPERTIES), "--", *patterns)
    return unit_state.read(runner(argv, timeout=QUERY_TIMEOUT).stdout)


class Systemd:
    """The service manager of this machine. `runner` is process.run, or a fake in a unit test."""

    def __init__(self, runner: Runner = run, look: UnitLook | None = None) -> None:
        """`look` reads the states of units; without it systemctl shows each of them, every time."""
        self._run = runner
        self._look = look or partial(show_units, runner)

    def change(
        self,
        verb: str,
        units: Iterable[str],
        *,
        reason: str,
        wait: bool = True,
        within: float = JOB_TIMEOUT,
        yields: bool = False,
    ) -> None:
        """Start, stop, restart or reload units, and wait until systemd has done it unless `wait` is False.

        A change that `yields` fails if it would cancel a change that is under way: a start of any unit with
        `Requisite=restream.target` would cancel a stop of that target. Without units, nothing happens. Raises
        CommandError with systemd's message; SlowCommandError after `within` seconds, though systemd goes on
        with what it has begun.
        """
        names = tuple(map(self._full_name, units))
        if not names:
            return
        log.info("systemctl %s %s: %s", verb, " ".join(names), reason)
        flags = (*(() if wait else ("--no-block",)), *(("--job-mode=fail",) if yields else ()))
        self._run(("systemctl", *flags, verb, "--", *names), timeout=within)

    def run_unit(self, unit: str, *, reason: str, on_status: Callable[[str], None]) -> None:
        """Start a oneshot unit and wait for its end; tell its `STATUS=` twice a second.

        Raises CommandError if the unit fails. At any other exception, Ctrl-C included, the unit is stopped.
        """
        name = self._full_name(unit)
        log.info("systemctl start %s: %s", name, reason)
        argv = ("systemctl", "start", "--", name)
        with ThreadPoolExecutor(max_workers=1) as pool:
            job = pool.submit(self._run, argv, timeout=_LONGEST_JOB)
            try:
                while True:
                    try:
                        job.result(_STATUS_EVERY)
                    except TimeoutError:
                        on_status(self.show(unit, "StatusText"))
                    else:
                        return
            except CommandError:
                raise
            except BaseException:
                self.change("stop", (unit,), reason="nobody waits for it any more")
                raise

    def trigger(self, unit: str, conditions: Iterable[str], *, reason: str) -> None:
        """Have systemd start a unit when one of the conditions holds, such as "PathExists=/a/file".

        A path unit with the unit's name does so until it is stopped, or the machine is; see systemd.path(5).
        Raises CommandError with systemd's message, also if there is such a path unit already.
        """
        log.info("systemd-run --unit=%s %s: %s", unit, " ".join(conditions := tuple(conditions)), reason)
        flags = (f"--path-property={condition}" for condition in conditions)
        self._run(("systemd-run", "--quiet", "--collect", f"--unit={unit}", *flags), timeout=JOB_TIMEOUT)

    def daemon_reload(self) -> None:
        """Make systemd read the unit files again."""
        log.info("systemctl daemon-reload")
        self._run(("systemctl", "daemon-reload"), timeout=JOB_TIMEOUT)

    def kill(self, unit: str, *, reason: str) -> None:
        """Kill all processes of a unit; systemd then does what the unit's Restart= says."""
        name = self._full_name(unit)
        log.warning("systemctl kill %s: %s", name, reason)
        self._run(("systemctl", "kill", "--signal=KILL", "--", name), timeout=QUERY_TIMEOUT)

    def units(self, *patterns: str) -> dict[str, UnitState]:
        """Return the state of each unit that matches a pattern and has ever run, by name."""
        return self._own(self._look(map(self._full_name, patterns)))

    def active(self, *patterns: str) -> dict[str, str]:
        """Return the ActiveState of each unit that matches a pattern and is not inactive, by name."""
        shown = self.units(*_with_globs(patterns)) if patterns else {}
        globs, names = [each for each in patterns if _is_glob(each)], frozenset(patterns)
        return {
            unit: state.active
            for unit, state in shown.items()
            if state.active != "inactive"
            and (unit in names or any(fnmatchcase(unit, pattern) for pattern in globs))
        }

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit, "" if systemd does not know it."""
        argv = ("systemctl", "show", "--property", name, "--value", "--", self._full_name(unit))
        return self._run(argv, timeout=QUERY_TIMEOUT).stdout.strip()

    def properties(self, units: Iterable[str], names: Iterable[str]) -> dict[str, dict[str, str]]:
        """Return properties of each unit by its name, also of those that systemd does not know."""
        asked = tuple(units)
        argv = ("systemctl", "show", "--property", ",".join(names), "--", *asked)
        blocks = self._run(argv, timeout=QUERY_TIMEOUT).stdout.strip("\n").split("\n\n")
        tables = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in blocks)
        return dict(zip(asked, tables, strict=False))

    def may_start(self, process: str, unit: str) -> bool:
        """Whether polkit would let a process start a unit; CommandError if polkit does not answer.

        The call is CheckAuthorization of polkit's D-Bus interface, which takes such details from root alone.
        A start time of 0 has polkit look at the process itself.
        """
        authority = "org.freedesktop.PolicyKit1"
        argv = (
            "busctl", "call", authority, "/org/freedesktop/PolicyKit1/Authority", f"{authority}.Authority",
            "CheckAuthorization", "(sa{sv})sa{ss}us", "unix-process", "2", "pid", "u", process, "start-time",
            "t", "0", "org.freedesktop.systemd1.manage-units", "2", "unit", unit, "verb", "start", "0", "",
        )  # fmt: skip
        return self._run(argv, timeout=QUERY_TIMEOUT).stdout.startswith("(bba{ss}) true ")

    def last_words(self, unit: str, lines: int = 8) -> list[str]:
        """Return the last lines that a unit has written to the journal."""
        argv = (
            "journalctl",
            "--unit",
            self._full_name(unit),
            "--lines",
            str(lines),
            "--output",
            "cat",
            "--no-pager",
            "--quiet",
        )
        return self._run(argv, timeout=QUERY_TIMEOUT).stdout.splitlines()

    def _full_name(self, unit: str) -> str:
        """Return a unit's name on the whole machine; here that by which it is asked for."""
        return unit

    def _own(self, states: dict[str, UnitState]) -> dict[str, UnitState]:
        """Return the states by the names by which they are asked for; here all, as they are."""
        return states

    def create_accounts(self, sysusers: str, tmpfiles: str) -> None:
        """Create the users of a sysusers.d(5) file and the directories of a tmpfiles.d(5) file."""
        log.info("creating users and directories")
        self._run(("systemd-sysusers", sysusers), timeout=JOB_TIMEOUT)
        self._run(("systemd-tmpfiles", "--create", tmpfiles), timeout=JOB_TIMEOUT)


def _with_globs(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Return patterns that match the same units and others, with one for all instances of a template.

    For a pattern systemd looks through what it has loaded. For a name it loads the unit: for 1,000 relays
    that do not run it took more than 10 s on a busy machine.
    """
    instances = Counter(map(_instances, patterns))
    return tuple(
        dict.fromkeys(
            glob if not _is_glob(each) and instances[glob := _instances(each)] > _MANY else each
            for each in patterns
        )
    )


def _instances(unit: str) -> str:
    """Return the pattern of all instances of a unit's template; a unit of no template as it is."""
    template, at, instance = unit.partition("@")
    return f"{template}@*.{instance.rpartition('.')[2]}" if at else unit


def _is_glob(pattern: str) -> bool:
    return any(letter in pattern for letter in "*?[")


def is_running() -> bool:
    """Whether systemd is this machine's service manager; see sd_booted(3)."""
    return Path("/run/systemd/system").is_dir()


def verify(directory: Path, units: Iterable[str], runner: Runner = run) -> None:
    """Let systemd check unit files in `directory` before they are installed.

    systemd-analyze exits with 0 on an unknown directive and only writes a warning to stderr. Therefore each
    line there that is about our units is an error. Raises RestreamError with these lines.
    """
    # The colon at the end adds the usual directories, for the units that ours refer to.
    argv = ("env", f"SYSTEMD_UNIT_PATH={directory}:", "systemd-analyze", "verify", "--man=no")
    names = tuple(units)
    files = tuple(str(directory / unit) for unit in names)
    done = runner((*argv, *files), timeout=JOB_TIMEOUT, ok=tuple(range(256)))
    stems = tuple(unit.rpartition(".")[0] for unit in names)
    ours = [line for line in done.stderr.splitlines() if any(stem in line for stem in stems)]
    if ours:
        raise RestreamError("systemd refuses a unit:\n" + "\n".join(ours), hint=_verify_hint(ours))
    if done.returncode and not done.stderr:
        raise CommandError(argv, f"failed with exit status {done.returncode}")


def encrypted(secret: bytes, runner: SecretRunner = run) -> str:
    """Return the secret as a credential that only this machine's systemd can decrypt; see systemd-creds(1).

    The credential has no name, because each unit that uses it loads it under a name of its own.
    """
    argv = ("systemd-creds", "encrypt", "--name=", "-", "-")
    return runner(argv, timeout=JOB_TIMEOUT, input=secret).stdout


def decrypted(file: Path, runner: Runner = run) -> str:
    """Return the secret in a credential that `encrypted` made; CommandError if it is not of this machine."""
    argv = ("systemd-creds", "decrypt", "--name=", str(file), "-")
    return runner(argv, timeout=JOB_TIMEOUT).stdout


def _verify_hint(lines: list[str]) -> str:
    if any("restream-agent" in line and "not executable" in line for line in lines):
        return "units call restream-agent by name: ln -s DIRECTORY/bin/restream-agent /usr/local/bin/"
    return ""


def require_running() -> None:
    """Raise RestreamError where systemd does not run."""
    if not is_running():
        raise RestreamError(
            "systemd is not running here (no /run/systemd/system)",
            hint="in a checkout `make demo` tries it in a container; with --root DIR files are only written",
        )
