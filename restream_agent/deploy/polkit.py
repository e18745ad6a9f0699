"""Whether polkit lets the agent start and stop the units of a broadcast; without it nothing goes on air."""

import time

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd

_UNIT = "polkit.service"
_HINTS = {
    "not-found": "apt install polkitd",
    "masked": f"systemctl unmask {_UNIT}",
}
_NOTICED = 10.0
"""Seconds. polkit looks at its directory of rules when it changes (inotify), and logs each rule it takes."""

_PAUSE = 0.2


def require_service(systemd: Systemd) -> None:
    """Raise RestreamError if polkit is not installed, or cannot be started."""
    state = systemd.show(_UNIT, "LoadState")
    if state != "loaded":
        raise RestreamError(
            f"polkit is {'not installed' if state == 'not-found' else state}; "
            "without it the agent cannot start a broadcast",
            hint=_HINTS.get(state, f"systemctl status {_UNIT}"),
        )


def require_rule(systemd: Systemd, *, wait: float = _NOTICED) -> None:
    """Raise RestreamError unless polkit would let the running agent start a broadcast within `wait` seconds.

    Nothing is asked while the agent does not run: its process is what polkit decides about.
    """
    agent = systemd.show(unit_names.AGENT_UNIT, "MainPID")
    deadline = time.monotonic() + wait
    reason = ""
    while agent not in ("", "0"):
        try:
            if systemd.may_start(agent, unit_names.TARGET):
                return
        except CommandError as error:
            reason = f": {error.output or error.reason}"
        if time.monotonic() > deadline:
            raise RestreamError(
                f"polkit does not let the agent start {unit_names.TARGET}{reason}; "
                f"the rule is in {paths.POLKIT_RULE}",
                hint=f"systemctl restart {_UNIT}; journalctl -u {_UNIT}",
            )
        time.sleep(_PAUSE)
