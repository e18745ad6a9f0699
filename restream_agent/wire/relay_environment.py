"""relay.env: `[relay]` of the TOML as the environment of every relay. Pure.

It is an environment file (systemd.exec(5)), because systemd puts the stall into ffmpeg's arguments.
Each attempt of a relay reads it anew, so a change restarts no relay.
"""

from collections.abc import Mapping
from dataclasses import dataclass

STALL_VARIABLE = "RELAY_STALL_US"
"""Microseconds, as ffmpeg's -rw_timeout takes them."""

_GIVE_UP_VARIABLE = "RELAY_GIVE_UP"
_NEVER = "never"


@dataclass(frozen=True)
class RelayEnvironment:
    """What every relay is told, in seconds.

    A platform that takes nothing for `stall` ends the attempt. After failures for `give_up` the relay stops
    trying; None means that it never stops.
    """

    stall: float
    give_up: float | None

    def to_file(self) -> str:
        """Return the text of relay.env."""
        give_up = _NEVER if self.give_up is None else f"{self.give_up:g}"
        return f"{STALL_VARIABLE}={self.stall * 1e6:.0f}\n{_GIVE_UP_VARIABLE}={give_up}\n"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "RelayEnvironment":
        """Read the variables of a relay's process; KeyError or ValueError if relay.env did not set them."""
        give_up = environment[_GIVE_UP_VARIABLE]
        stall = int(environment[STALL_VARIABLE]) / 1e6
        return cls(stall, None if give_up == _NEVER else float(give_up))
