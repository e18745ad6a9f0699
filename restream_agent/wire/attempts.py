"""A relay's attempts: its exit status and its `STATUS=`, which the agent reads. Pure.

`systemctl status` shows the text, too. It begins with figures for the agent, then has a sentence for people:
"attempt=5 failures=4 pause=7.5s: attempt 5 after 4 failures in a row, with a pause of 7.5 s".
"""

import re
from dataclasses import dataclass

GIVEN_UP = 100
"""The exit status of a relay that has given up; its unit then asks systemd for no further restart."""

_FIGURES = re.compile(
    r"attempt=[0-9]{1,9} failures=([0-9]{1,9}) pause=([0-9]{1,6}\.[0-9])s"
    r"(?: cause=([a-z-]{1,20}))?(?: redirect=(\S{1,300}))?: "
)

UNRESOLVED, CLOSED_PORT, SILENT, NO_ROUTE = "unresolved", "closed-port", "silent", "no-route"
CERTIFICATE, NO_RTMP, REFUSED, ENDED = "certificate", "no-rtmp", "refused", "ended"

CAUSES = {
    UNRESOLVED: "the host's name does not resolve",
    CLOSED_PORT: "the host accepts no connection on this port",
    SILENT: "the host does not answer",
    NO_ROUTE: "this machine has no way to the host",
    CERTIFICATE: "the host's certificate is not accepted",
    NO_RTMP: "what answers there speaks no RTMP",
    REFUSED: "the platform refuses the connection",
    ENDED: "the platform ends it, as for a wrong key",
}
"""Why an attempt failed, by the word for it in `STATUS=`: what ffmpeg says of it, and no more."""

UNREACHABLE = frozenset((UNRESOLVED, CLOSED_PORT, SILENT, NO_ROUTE, CERTIFICATE, NO_RTMP))
"""The causes for which no key is to blame: the platform has never seen it."""

_LINES = (
    ("Failed to resolve hostname", UNRESOLVED),
    ("certificate", CERTIFICATE),
    ("Connection refused", CLOSED_PORT),
    ("timed out", SILENT),
    ("unreachable", NO_ROUTE),
    ("No route to host", NO_ROUTE),
    ("Cannot read RTMP handshake", NO_RTMP),
    ("Unknown connect error", REFUSED),
    ("Input/output error", ENDED),
    ("End of file", ENDED),
    ("Connection reset by peer", ENDED),
    ("Broken pipe", ENDED),
)
"""Words of ffmpeg 5.1 and 7.1. Its last line is often one of ENDED, whatever the lines above have told."""


def cause_of(line: str, before: str = "") -> str:
    """Return the cause that a line of ffmpeg's log tells; `before`, that of the lines above, otherwise."""
    cause = next((cause for words, cause in _LINES if words in line), before)
    return before if cause == ENDED and before else cause


@dataclass(frozen=True)
class AttemptStatus:
    """One attempt: how many before it have failed in a row, and the pause before it in seconds.

    `redirect` is the address to which the platform sends its clients, "" if it does not. It has no blanks.
    `cause` is why the attempt before failed, one of CAUSES or "".
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
