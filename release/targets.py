"""The system that a package is for: this machine's, or the one below a bootstrapped root."""

import platform
import re
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = re.compile(r"^Package: libc6\n(?:.+\n)*?Version: 2\.(\d+)", re.MULTILINE)


class UnknownTargetError(Exception):
    """A root that is no Debian with Python."""


@dataclass(frozen=True)
class Target:
    """A release of Debian on this machine's processor.

    `system` is part of the package's version, such as deb12. `python` is that of /usr/bin/python3, such as
    3.11. `glibc` is the 36 of glibc 2.36.
    """

    system: str
    python: str
    glibc: int
    machine: str

    def pip_options(self) -> tuple[str, ...]:
        """Return the options with which pip chooses files for this system, whatever it runs on itself.

        A wheel names the oldest glibc that it works with (PEP 600), so all up to the target's are listed.
        """
        digits = self.python.replace(".", "")
        abis = (f"cp{digits}", "abi3", "none")
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in range(self.glibc, 16, -1)]
        platforms += [f"manylinux2014_{self.machine}"]
        return (
            *("--python-version", self.python, "--implementation", "cp"),
            *(word for abi in abis for word in ("--abi", abi)),
            *(word for name in platforms for word in ("--platform", name)),
        )


def read_target(root: Path) -> Target:
    """Return the system below `root`; UnknownTargetError if there is no Debian, or no Python."""
    try:
        release = _os_release((root / "etc/os-release").read_text())
        # The name of a file in the same directory, such as python3.11.
        python = (root / "usr/bin/python3").readlink().name.removeprefix("python")
        glibc = _PACKAGE.search((root / "var/lib/dpkg/status").read_text())
    except OSError as error:
        raise UnknownTargetError(
            f"{error.filename}: {error.strerror}; expected a Debian with python3"
        ) from error
    if glibc is None or "VERSION_ID" not in release:
        raise UnknownTargetError(f"{root}: expected a released Debian with glibc")
    name = {"debian": "deb"}.get(release["ID"], release["ID"])
    return Target(f"{name}{release['VERSION_ID']}", python, int(glibc[1]), platform.machine())


def _os_release(text: str) -> dict[str, str]:
    lines = (line.partition("=") for line in text.splitlines())
    return {key: value.strip("\"'") for key, _, value in lines}
