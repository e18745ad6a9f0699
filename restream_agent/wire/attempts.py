"""What a relay says of its attempts in `STATUS=`, and how the agent reads it. Pure."""

import re

_WORDS = "attempt {attempt} after {failures} in a row that failed, with a pause of {pause:.1f} s"
_PATTERN = re.compile(r"after (\d+) in a row that failed")


def words(failures: int, seconds: float) -> str:
    """Say how the attempts go, for `systemctl status`."""
    if not failures:
        return "first attempt"
    return _WORDS.format(attempt=failures + 1, failures=failures, pause=seconds)


def failures_in(text: str) -> int:
    """Read from such words how many attempts in a row have failed."""
    found = _PATTERN.search(text)
    return int(found[1]) if found else 0
