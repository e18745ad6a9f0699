"""An apply that waits to be confirmed, from before its first change until after its last."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base.errors import RestreamError
from restream_agent.deploy import take_back, unconfirmed
from restream_agent.deploy.changed_units import removed_channels
from restream_agent.deploy.planning import Plan
from restream_agent.render import assets
from restream_agent.render.facts import Facts
from restream_agent.render.templates import Templates
from restream_agent.systemd.systemctl import Systemd


@dataclass(frozen=True)
class ApplyTrial:
    """How many seconds there are to confirm an apply, and the path of the TOML that is applied."""

    within: float
    source: str


@contextmanager
def on_trial(plan: Plan, facts: Facts, trial: ApplyTrial, root: Path, systemd: Systemd) -> Iterator[None]:
    """Have systemd take back what the block changes unless it is confirmed in time; the block holds the lock.

    The time begins twice: before the block, for a block that is killed, and again after it. A block that
    fails has put everything back itself, and nothing waits to be confirmed.
    """
    running = take_back.running(systemd)
    unconfirmed.begin(
        root,
        trial.source,
        trial.within,
        plan.changes,
        active=running,
        stopped=(unit for unit in plan.actions.stop if unit in running),
        started=(unit for unit in plan.actions.start if unit not in running),
        removed=removed_channels(plan.changes),
    )
    try:
        take_back.arm(root, Templates(facts, assets.load()), trial.within, systemd)
        yield
    except BaseException:
        with suppress(RestreamError):
            unconfirmed.forget(root)
            take_back.disarm(root, systemd)
        raise
    unconfirmed.complete(root, trial.within)
    take_back.restart_timer(systemd)
