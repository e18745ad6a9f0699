"""Runs apt-get, and says in words what stands in its way."""

import re
import time
from collections.abc import Callable

from restream_agent.base import process
from restream_agent.base.errors import RestreamError
from restream_agent.deploy.server_change import UPDATE, Command

_ERROR = re.compile(r"^(?:E: |dpkg: error)")
_LOCKED = re.compile(r"Could not get lock|Unable to acquire the dpkg|is locked by another process")
_HELD = re.compile(r"held by process (\d+)(?: \((.+?)\))?")
_LOCK_SECONDS = 60.0
"""How long another program may install packages: a new server updates itself in its first minutes."""
_LOCK_PAUSE = 1.0

_OBSTACLES: tuple[tuple[str, str, str], ...] = (
    (
        "dpkg was interrupted",
        "an earlier installation was interrupted",
        "dpkg --configure -a finishes it",
    ),
    (
        r"Unable to locate package|no installation candidate",
        "apt does not know the package",
        "its sources need the main part of Debian (universe on Ubuntu), and apt-get update a network",
    ),
    (
        r"Failed to fetch|Unable to fetch|Temporary failure resolving|Could not connect",
        "apt cannot fetch the packages",
        "is there a network, and does apt-get update work?",
    ),
    (
        r"but remove is disabled",
        "another package would have to be removed",
        "this nginx is not Debian's; have its own RTMP module, or take SRS (docs/install.md)",
    ),
    (
        r"enough free space|No space left",
        "the disk is full",
        "make room, as with apt-get clean",
    ),
)
"""A pattern of apt's errors, what that means, and what to do."""


def run_apt(command: Command, on_line: Callable[[str], None]) -> str:
    """Run an apt-get to its end, also after Ctrl-C, and return what it could not do, "" if it did all.

    Waits up to a minute for another program that uses apt, and tells `on_line` so. An update that could not
    read every source is no error: what is installed next may come from another. Raises RestreamError for any
    other failure.
    """
    errors = _errors(command)
    deadline = time.monotonic() + _LOCK_SECONDS
    if _LOCKED.search(errors):
        on_line(f"wait for another program that is installing packages{_holder(errors)}")
    while _LOCKED.search(errors):
        if time.monotonic() >= deadline:
            raise RestreamError(
                f"another program is installing packages{_holder(errors)}; nothing was installed",
                hint="wait until it has finished, and try again",
            )
        time.sleep(_LOCK_PAUSE)
        errors = _errors(command)
    if errors and command != UPDATE:
        raise _explained(errors)
    return errors


def _errors(command: Command) -> str:
    """Run an apt-get, and return its errors, or all that it said if it names none; "" if it worked."""
    done = process.run_to_end(command)
    if not done.returncode:
        return ""
    errors = "\n".join(line for line in done.stdout.splitlines() if _ERROR.match(line))
    return errors or done.stdout.strip() or f"exit status {done.returncode}"


def _holder(output: str) -> str:
    found = _HELD.search(output)
    if found is None:
        return ""
    return f" ({found[2]}, process {found[1]})" if found[2] else f" (process {found[1]})"


def _explained(errors: str) -> RestreamError:
    for pattern, meaning, hint in _OBSTACLES:
        if re.search(pattern, errors):
            return RestreamError(f"{meaning}:\n{errors}", hint=hint)
    return RestreamError(f"apt-get has failed:\n{errors}", hint="dpkg --audit shows what is half installed")
