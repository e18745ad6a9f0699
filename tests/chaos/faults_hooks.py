"""What goes wrong between ingest server and agent: a proxy stands between them."""

from tests.chaos.fault import STALL_MS, Act, Fault
from tests.chaos.stage import HOOK_PORT, PROXY_PORT, Stage
from tests.lab.scene import FALLBACK

LOST = 2  # refusals to wait for while hooks are lost
LATE_SECONDS = 25.0  # how long hooks come 10 s late


def interpose(stage: Stage, how: str) -> None:
    """Lead the server's hooks through the proxy, until all has been measured."""
    file = stage.container.shared / "hooks" / "behaviour"
    stage.undo.callback(file.write_text, "pass")
    stage.undo.callback(stage.network.restore)
    file.write_text(how)
    stage.network.lead("restream-ingest", HOOK_PORT, PROXY_PORT)


def passes(stage: Stage) -> None:
    """From now on hooks get through again."""
    (stage.container.shared / "hooks" / "behaviour").write_text("pass")
    stage.struck()


def passed(stage: Stage) -> int:
    """Return how many hooks the proxy has seen."""
    log = stage.container.shared / "hooks" / "hooks.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def reconnect(how: str) -> Act:
    """Kill OBS, which comes back by itself, while hooks fare so."""

    def act(stage: Stage) -> None:
        before = passed(stage)
        interpose(stage, how)
        stage.obs.kill()
        stage.wait_for(FALLBACK)
        stage.wait(lambda: passed(stage) >= before + 2, 20, "an unpublish and a publish at the proxy")
        stage.counts["hooks"] = passed(stage) - before

    return act


def lose(stage: Stage) -> None:
    """Lose the unpublish, and publishes until OBS has been refused twice."""
    refused = stage.obs.refused
    interpose(stage, "drop")
    stage.obs.kill()
    stage.wait_for(FALLBACK)
    stage.wait(lambda: stage.obs.refused >= refused + LOST, 30, "OBS to be refused")
    stage.counts["refused"] = stage.obs.refused - refused
    passes(stage)


def delay(stage: Stage) -> None:
    """Have all hooks come ten seconds late for a while; nginx-rtmp waits no longer than that itself."""
    before = passed(stage)
    interpose(stage, "late")
    stage.obs.kill()
    stage.wait_for(FALLBACK)
    stage.watch(LATE_SECONDS)
    stage.counts["hooks"] = passed(stage) - before
    passes(stage)


def reverse(stage: Stage) -> None:
    """Have a publisher's publish arrive after its unpublish, and see the publisher meanwhile all the same."""
    interpose(stage, "reverse")
    stage.obs.kill()
    stage.wait_for(FALLBACK)
    # The publish has not arrived: the agent has to see for itself that somebody is there.
    stage.wait_for(stage.obs.encoder.mark, 30)
    stage.obs.kill()
    stage.wait_for(FALLBACK)
    passes(stage)


FAULTS = (
    # Without an unpublish only the stall tells that OBS has gone: servers do not end a player's stream.
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
