"""Whether polkit lets the agent start and stop the units of a broadcast; without it nothing goes on air."""

import time
from collections.abc import Iterable

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
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


def require_rule(
    systemd: Systemd, *, channels: Iterable[Channel] = (MAIN_CHANNEL,), wait: float = _NOTICED
) -> None:
    """Raise RestreamError unless polkit would let the running agent start each channel within `wait` seconds.

    Nothing is asked while the agent does not run: its process is what polkit decides about.
    """
    agent = systemd.show(unit_names.AGENT_UNIT, "MainPID")
    if agent in ("", "0"):
        return
    deadline = time.monotonic() + wait
    for target in (channel.unit(unit_names.TARGET) for channel in channels):
        while reason := _refusal(systemd, agent, target):
            if time.monotonic() > deadline:
                raise RestreamError(
                    f"polkit does not let the agent start {reason}; the rule is in {paths.POLKIT_RULE}",
                    hint=f"systemctl restart {_UNIT}; journalctl -u {_UNIT}",
                )
            time.sleep(_PAUSE)


def _refusal(systemd: Systemd, agent: str, target: str) -> str:
    """Return what the agent may not start, and why if that is known; "" if it may."""
    try:
        return "" if systemd.may_start(agent, target) else target
    except CommandError as error:
        return f"{target}: {error.output or error.reason}"
