"""Whether `apply` has ever set this machine up: without it, there is no broadcast to look at or to change."""

from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError


def require_applied() -> None:
    """Raise RestreamError, with the next step, if `apply` has not installed the agent's settings."""
    if Path(paths.AGENT_SETTINGS).exists():
        return
    if Path(paths.CONFIG).exists():
        raise RestreamError(
            f"{paths.CONFIG} has not been applied yet", hint="sudo restream-agent check, then apply"
        )
    raise RestreamError("restream-agent is not set up on this machine yet", hint="sudo restream-agent init")
