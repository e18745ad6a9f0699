"""The version of a build, as Python and as Debian write it. Pure.

hatch-vcs takes the version from git (`[tool.hatch.version]` in pyproject.toml). Debian's version adds when
the content of the build was made, because apt decides by the version alone whether a package is newer: after
a commit was amended, or on another branch, the number of commits says nothing.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

_MOMENT = "%Y%m%d%H%M%S"
_PYTHON = re.compile(
    r"(?P<number>\d+(?:\.\d+)*)(?:rc(?P<candidate>\d+))?(?:\.dev(?P<commits>\d+))?"
    r"(?:\+(?P<commit>g[0-9a-f]+)?(?:\.?d(?P<edited>\d{14}))?)?"
)


class UnknownVersionError(ValueError):
    """A version that Debian's order could get wrong."""

    def __init__(self, version: str) -> None:
        """Name the tags that are understood."""
        super().__init__(f"version {version}: releases are tagged as v1.2.3 or v1.2.3rc4")


@dataclass(frozen=True)
class BuildVersion:
    """The version of a checkout.

    `python` is that of the wheel, as in 0.4.1.dev3+g5996569ab. `moment` is when its content was made: the
    time of the commit, and for a checkout with local changes that of the build.
    """

    python: str
    moment: datetime

    @classmethod
    def of(cls, python: str, committed: datetime) -> "BuildVersion":
        """Return the version of a checkout, whose last commit was made at `committed`."""
        edited = _parsed(python)["edited"]
        return cls(python, datetime.strptime(edited, _MOMENT).replace(tzinfo=UTC) if edited else committed)

    @property
    def epoch(self) -> int:
        """SOURCE_DATE_EPOCH: seconds since 1970."""
        return int(self.moment.timestamp())

    def debian(self, system: str) -> str:
        """Return Debian's version of the package for a system, such as 0.4.1~dev3+20261126173000.g599+deb12.

        `system` is a release such as deb12: a package for the next release of Debian is the newer one.
        Raises UnknownVersionError.
        """
        parts = _parsed(self.python)
        version = parts["number"]
        if parts["candidate"]:
            version += f"~rc{parts['candidate']}"
        if parts["commits"]:
            version += f"~dev{parts['commits']}+{self.moment.astimezone(UTC).strftime(_MOMENT)}"
            version += f".{parts['commit']}" if parts["commit"] else ""
        return f"{version}+{system}"


def _parsed(python: str) -> dict[str, str]:
    found = _PYTHON.fullmatch(python)
    if found is None:
        raise UnknownVersionError(python)
    return found.groupdict(default="")
