"""Programs that root has run by systemd for a moment, as another user and in a sandbox; systemd-run(1).

For what the author of the TOML chooses: root neither runs the author's programs nor reads the author's media.
"""

from contextlib import suppress

from restream_agent.base.errors import CommandError
from restream_agent.base.process import Finished, run
from restream_agent.base.rights import PosixUser

_STARTING = 10.0
"""Seconds. On a loaded machine systemd takes this long to start a unit, and to clear up after it."""

SANDBOX = (
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "ProtectProc=invisible",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "PrivateNetwork=yes",
    "ProtectKernelTunables=yes",
    "ProtectControlGroups=yes",
    "RestrictNamespaces=yes",
    "RestrictAddressFamilies=AF_UNIX",
    "LimitCORE=0",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
)
"""For a program that only reads files and writes to its standard output."""


def run_confined(
    argv: tuple[str, ...], *, timeout: float, properties: tuple[str, ...] = SANDBOX, user: str = "",
    input: bytes | None = None, unit: str = "",
) -> Finished:  # fmt: skip
    """Run a program as a transient unit with these properties, and return its status and output.

    It runs as `user` if that user exists, otherwise as a user that exists only for the moment. After
    `timeout` seconds systemd kills it. Raises CommandError, with the program's own name, if it fails.

    With a name in `unit` it runs once at a time, and is stopped at any other exception here, Ctrl-C included.
    """
    who = f"User={user}" if PosixUser.named(user).exists else "DynamicUser=yes"
    options = (*properties, who, f"RuntimeMaxSec={timeout:g}s")
    flags = [flag for option in options for flag in ("--property", option)]
    name = (f"--unit={unit}",) if unit else ()
    start = ("systemd-run", "--quiet", "--wait", "--pipe", "--collect", *name, *flags, "--")
    try:
        return run((*start, *argv), timeout=timeout + _STARTING, input=input)
    except CommandError as error:
        raise CommandError(argv, error.reason, output=error.output, hint=error.hint) from error
    except BaseException:
        if unit:
            with suppress(CommandError):
                run(("systemctl", "stop", "--", unit), timeout=_STARTING)
        raise
