"""Whether polkit lets the agent start and stop the units of a broadcast; without it nothing goes on air."""

import os
import time
from collections.abc import Iterable
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.installed_channels import channel_names
from restream_agent.deploy.findings import refuse_faults
from restream_agent.deploy.polkit_findings import POLKIT_UNIT, PolkitFacts, judge_service
from restream_agent.systemd import unit_names
from restream_agent.systemd.channels import MAIN_CHANNEL, Channel
from restream_agent.systemd.systemctl import Systemd

_NOTICED = 10.0
"""Seconds. polkit looks at its directory of rules when it changes (inotify), and logs each rule it takes."""

_PAUSE = 0.2


def installed_channels(root: Path) -> tuple[Channel, ...]:
    """Return the channels that apply has installed, `main` first: the installed rule is about these."""
    return (MAIN_CHANNEL, *map(Channel, channel_names(root)))


def look(systemd: Systemd, channels: Iterable[Channel] = (MAIN_CHANNEL,)) -> PolkitFacts:
    """Look at polkit, and ask it about each channel of the running agent; only root gets an answer."""
    shown = systemd.properties((POLKIT_UNIT, unit_names.AGENT_UNIT), ("LoadState", "ActiveState", "MainPID"))
    service, agent = shown[POLKIT_UNIT], shown[unit_names.AGENT_UNIT].get("MainPID", "0")
    has_rule, answers = Path(paths.POLKIT_RULE).exists() if os.geteuid() == 0 else True, dict[str, str]()
    if service["LoadState"] == "loaded" and agent not in ("", "0") and os.geteuid() == 0:
        targets = (channel.unit(unit_names.TARGET) for channel in channels)
        answers = {target: _refusal(systemd, agent, target) for target in targets}
    return PolkitFacts(service["LoadState"], service["ActiveState"], has_rule, answers)


def require_service(systemd: Systemd) -> None:
    """Raise RestreamError if polkit is not installed, or cannot be started."""
    refuse_faults(judge_service(PolkitFacts(load=systemd.show(POLKIT_UNIT, "LoadState"))))


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
                    hint=f"systemctl restart {POLKIT_UNIT}; journalctl -u {POLKIT_UNIT}",
                )
            time.sleep(_PAUSE)


def _refusal(systemd: Systemd, agent: str, target: str) -> str:
    """Return what the agent may not start, and why if that is known; "" if it may."""
    try:
        return "" if systemd.may_start(agent, target) else target
    except CommandError as error:
        return f"{target}: {error.output or error.reason}"
