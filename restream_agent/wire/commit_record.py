"""What became of the last commit of the TOML's repository: root writes it, the agent reads it. Pure."""

from dataclasses import dataclass
from typing import Literal

CommitResult = Literal["applied", "refused", "failed", "not signed", "not forward"]
"""`refused` by the check of the TOML, `failed` while it was applied; the other two before it was read."""


@dataclass(frozen=True)
class CommitRecord:
    """The last commit, what became of it, and why.

    `applied` is the commit that the TOML is from, "" before the first. `at` is in seconds since 1970.
    """

    commit: str
    result: CommitResult
    words: str
    applied: str
    at: float
