"""Pauses that double with each failure in a row. Pure; times are seconds."""

_MOST_DOUBLINGS = 64
"""A larger exponent changes nothing: every pause is at its longest by then, and floats end at 2^1024."""


def doubled_pause(failures: int, *, first: float, longest: float) -> float:
    """Return the pause after so many failures in a row, in seconds.

    There is no pause after no failure. The first failure asks for `first` seconds, each further one for
    twice as long as the one before, up to `longest`.
    """
    if failures <= 0:
        return 0.0
    return float(min(longest, first * 2.0 ** min(failures - 1, _MOST_DOUBLINGS)))
