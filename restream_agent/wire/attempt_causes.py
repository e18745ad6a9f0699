"""Why an attempt of a relay has failed, by what ffmpeg says. Pure; loads nothing, for relay_log.py."""

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
