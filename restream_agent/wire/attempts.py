"""A relay's attempts: its exit status and its `STATUS=`, which the agent reads. Pure.

`systemctl status` shows the text, too. It begins with figures for the agent, then has a sentence for people:
"attempt=5 failures=4 pause=7.5s: attempt 5 after 4 failures in a row, with a pause of 7.5 s".
"""

import re
from dataclasses import dataclass

from restream_agent.wire.attempt_causes import CAUSES

GIVEN_UP = 100
"""The exit status of a relay that has given up; its unit then asks systemd for no further restart."""

_FIGURES = re.compile(
    r"attempt=[0-9]{1,9} failures=([0-9]{1,9}) pause=([0-9]{1,6}\.[0-9])s"
    r"(?: cause=([a-z-]{1,20}))?(?: redirect=(\S{1,300}))?: "
)


@dataclass(frozen=True)
class AttemptStatus:
    """One attempt: how many before it have failed in a row, and the pause before it in seconds.

    `redirect` is the address to which the platform sends its clients, "" if it does not. It has no blanks.
    `cause` is why the attempt before failed, one of CAUSES (attempt_causes.py) or "".
    """

    failures: int
    pause: float = 0.0
    redirect: str = ""
    cause: str = ""

    def sentence(self) -> str:
        """Return the sentence for people."""
        if not self.failures:
            return "first attempt"
        failures = "1 failure" if self.failures == 1 else f"{self.failures} failures in a row"
        cause = f": {CAUSES[self.cause]}" if self.cause in CAUSES else ""
        if self.redirect:
            cause = f"; the platform redirects to {self.redirect}"
        return f"attempt {self.failures + 1} after {failures}, with a pause of {self.pause:.1f} s{cause}"

    def to_status(self) -> str:
        """Return the text for `STATUS=`."""
        figures = f"attempt={self.failures + 1} failures={self.failures} pause={self.pause:.1f}s"
        if self.cause:
            figures += f" cause={self.cause}"
        if self.redirect:
            figures += f" redirect={self.redirect}"
        return f"{figures}: {self.sentence()}"

    @classmethod
    def read(cls, status: str) -> "AttemptStatus":
        """Read the text of a unit's `STATUS=`; any other text counts as a first attempt.

        A relay that the version before started has another text. It counts again with its next attempt.
        """
        figures = _FIGURES.match(status)
        if figures is None:
            return cls(failures=0)
        return cls(int(figures[1]), float(figures[2]), figures[4] or "", figures[3] or "")
