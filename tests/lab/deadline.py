"""Waiting for a thing to become true, with a deadline and words for when it does not."""

import time
from collections.abc import Callable
from typing import TypeVar

POLL_SECONDS = 0.02

PATIENCE = 3.0
"""Deadlines are written for a machine of its own; one that shares its processors may be this much slower.

They only say when to stop waiting. Figures are measured by the demo, which has bounds for them."""

Result = TypeVar("Result")


class LabError(Exception):
    """The laboratory itself failed, or something in it did not happen in time."""


def wait_until(predicate: Callable[[], Result], timeout: float, what: str) -> Result:
    """Poll a predicate until it returns something true and return that.

    timeout is in seconds. Raises LabError naming `what` when the deadline passes.
    """
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        if result := predicate():
            return result
        if time.monotonic() >= deadline:
            raise LabError(f"waited {timeout:g} s in vain for: {what}")
        time.sleep(POLL_SECONDS)
