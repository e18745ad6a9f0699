"""Faults of the hooks: a proxy stands between ingest server and agent."""

from tests.chaos.broadcast import HOOK_PORT, PROXY_PORT, ChaosBroadcast
from tests.chaos.fault import STALL_MS, Act, Fault
from tests.lab.scene import FALLBACK

LOST = 2  # refusals of OBS to wait for while hooks are lost
LATE_SECONDS = 25.0  # how long hooks are delayed by 10 s


def interpose(broadcast: ChaosBroadcast, how: str) -> None:
    """Redirect the server's hooks to the proxy until the fault has been measured."""
    file = broadcast.container.shared / "hooks" / "behaviour"
    broadcast.undo.callback(file.write_text, "pass")
    broadcast.undo.callback(broadcast.network.restore)
    file.write_text(how)
    broadcast.network.redirect("restream-ingest", HOOK_PORT, PROXY_PORT)


def passes(broadcast: ChaosBroadcast) -> None:
    """Let hooks pass again; the fault can heal from now on."""
    (broadcast.container.shared / "hooks" / "behaviour").write_text("pass")
    broadcast.struck()


def passed(broadcast: ChaosBroadcast) -> int:
    """Return how many hooks the proxy has received."""
    log = broadcast.container.shared / "hooks" / "hooks.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def reconnect(how: str) -> Act:
    """Return an act: kill OBS, which reconnects by itself, while the proxy treats hooks in one way."""

    def act(broadcast: ChaosBroadcast) -> None:
        before = passed(broadcast)
        interpose(broadcast, how)
        broadcast.obs.kill()
        broadcast.wait_for(FALLBACK)
        broadcast.wait(lambda: passed(broadcast) >= before + 2, 20, "an unpublish and a publish at the proxy")
        broadcast.counts["hooks"] = passed(broadcast) - before

    return act


def lose(broadcast: ChaosBroadcast) -> None:
    """Lose the unpublish, and each publish until OBS has been refused twice."""
    refused = broadcast.obs.refused
    interpose(broadcast, "drop")
    broadcast.obs.kill()
    broadcast.wait_for(FALLBACK)
    broadcast.wait(lambda: broadcast.obs.refused >= refused + LOST, 30, "OBS to be refused")
    broadcast.counts["refused"] = broadcast.obs.refused - refused
    passes(broadcast)


def delay(broadcast: ChaosBroadcast) -> None:
    """Delay all hooks by ten seconds for a while; nginx-rtmp waits no longer than that for an answer."""
    before = passed(broadcast)
    interpose(broadcast, "late")
    broadcast.obs.kill()
    broadcast.wait_for(FALLBACK)
    broadcast.watch(LATE_SECONDS)
    broadcast.counts["hooks"] = passed(broadcast) - before
    passes(broadcast)


def reverse(broadcast: ChaosBroadcast) -> None:
    """Deliver a publisher's publish after its unpublish; the publisher must be shown all the same."""
    interpose(broadcast, "reverse")
    broadcast.obs.kill()
    broadcast.wait_for(FALLBACK)
    # The publish has not arrived: the agent must find the publisher by asking the server.
    broadcast.wait_for(broadcast.obs.encoder.mark, 30)
    broadcast.obs.kill()
    broadcast.wait_for(FALLBACK)
    passes(broadcast)


FAULTS = (
    # Without an unpublish only the stall shows that OBS has gone: servers do not end a player's stream.
    Fault("hooks-dropped", "hooks are lost for a while", lose, bound_ms=STALL_MS),
    Fault("hooks-doubled", "each hook comes twice", reconnect("double")),
    Fault("hooks-delayed", "hooks come 10 s late for a while", delay, bound_ms=STALL_MS, heals_within=60),
    Fault(
        "hooks-swapped",
        "the unpublish of one publisher comes after the publish of the next",
        reconnect("swap"),
        bound_ms=STALL_MS,
    ),
    Fault("hooks-reversed", "a publisher's publish comes after its unpublish", reverse, heals_within=60),
)
