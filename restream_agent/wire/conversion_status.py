"""A conversion's `STATUS=`: `apply` reads it to show the progress, and the reason of a failure. Pure.

The text is for people too: "43.1 % done, about 12 s left", or "failed: REASON | HINT".
"""

import re
from dataclasses import dataclass

_PROGRESS = re.compile(r"([0-9]{1,3}\.[0-9]) % done(?:, about ([0-9]{1,9}) s left)?")
_FAILED = "failed: "
_SEPARATOR = " | "
"""Between the reason and the hint."""


@dataclass(frozen=True)
class ConversionStatus:
    """How far a conversion is: the fraction that is done, and the seconds that are left, None if unknown.

    A conversion that has failed has a `reason` and a `hint`.
    """

    fraction: float = 0.0
    left: float | None = None
    reason: str = ""
    hint: str = ""

    def to_status(self) -> str:
        """Return the text for `STATUS=`, which is one line."""
        if self.reason:
            texts = (self.reason, self.hint) if self.hint else (self.reason,)
            return _FAILED + _SEPARATOR.join(" ".join(text.split()) for text in texts)
        left = "" if self.left is None else f", about {self.left:.0f} s left"
        return f"{self.fraction * 100:.1f} % done{left}"

    @classmethod
    def read(cls, status: str) -> "ConversionStatus | None":
        """Read the text of a unit's `STATUS=`; None for any other text."""
        if status.startswith(_FAILED):
            reason, _, hint = status.removeprefix(_FAILED).partition(_SEPARATOR)
            return cls(reason=reason, hint=hint)
        progress = _PROGRESS.fullmatch(status)
        if progress is None:
            return None
        return cls(float(progress[1]) / 100, None if progress[2] is None else float(progress[2]))
