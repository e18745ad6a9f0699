"""All cases, in playing order."""

from tests.publishers import cases_arrival, cases_codecs, cases_door, cases_platform, cases_tracks
from tests.publishers.case import PublisherCase

CASES: tuple[PublisherCase, ...] = (
    *cases_tracks.CASES,
    *cases_arrival.CASES,
    *cases_codecs.CASES,
    *cases_door.CASES,
    *cases_platform.CASES,
)


def chosen(beginnings: tuple[str, ...]) -> tuple[PublisherCase, ...]:
    """Return the cases whose names begin so, in playing order, or all; KeyError with a beginning of none."""
    for beginning in beginnings:
        if not any(case.name.startswith(beginning) for case in CASES):
            raise KeyError(beginning)
    return tuple(case for case in CASES if not beginnings or case.name.startswith(beginnings))
