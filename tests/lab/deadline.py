"""Waiting for a condition, with a deadline and an error that names the condition."""

import time
from collections.abc import Callable
from typing import TypeVar

POLL_SECONDS = 0.02

PATIENCE = 3.0
"""Every deadline is multiplied by this, because a machine that shares its processors is slower.

Deadlines only say when to stop waiting. The demo measures figures and has bounds for them."""

Result = TypeVar("Result")


class LabError(Exception):
    """The laboratory itself failed, or an expected event did not happen in time."""


def wait_until(predicate: Callable[[], Result], timeout: float, what: str) -> Result:
    """Poll a predicate until it returns a true value, and return that value.

    `timeout` is in seconds and is multiplied by PATIENCE. Raises LabError naming `what` after it.
    """
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        if result := predicate():
            return result
        if time.monotonic() >= deadline:
            raise LabError(f"timed out after {timeout * PATIENCE:g} s waiting for {what}")
        time.sleep(POLL_SECONDS)
