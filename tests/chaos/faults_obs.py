"""What goes wrong with OBS and its network."""

from tests.chaos.ends import FALLBACK_ON, OFF_AIR
from tests.chaos.fault import STALL_MS, Fault
from tests.chaos.stage import HOLD_SECONDS, INGEST_PORT, TIMEOUT_SECONDS, Stage
from tests.lab.network import client_port
from tests.lab.scene import FALLBACK

FROZEN_SECONDS = 4.0
HELD_SECONDS = float(TIMEOUT_SECONDS + HOLD_SECONDS)
WRONG_KEYS = 3  # refusals to wait for
FIGHT_SECONDS = 60.0


def kill(stage: Stage) -> None:
    """Kill OBS, which comes back by itself, and see the fallback meanwhile."""
    stage.obs.kill()
    stage.wait_for(FALLBACK)


def freeze(stage: Stage) -> None:
    stage.obs.freeze()
    stage.undo.callback(stage.obs.thaw)


def freeze_for_a_while(stage: Stage) -> None:
    freeze(stage)
    stage.wait_for(FALLBACK)
    stage.watch(FROZEN_SECONDS / 2)


def thaw(stage: Stage) -> None:
    stage.obs.thaw()


def cut(stage: Stage) -> None:
    """Drop all that OBS and the server say to each other."""
    port = client_port(stage.container, stage.obs.session(), INGEST_PORT)
    stage.undo.callback(stage.network.restore)
    stage.network.cut(port, INGEST_PORT)


def cut_2s(stage: Stage) -> None:
    cut(stage)
    stage.watch(2)
    stage.network.restore()
    stage.struck()


def cut_10s(stage: Stage) -> None:
    cut(stage)
    stage.wait_for(FALLBACK)
    stage.wait(lambda: stage.elapsed() >= 10, 15, "10 s to pass")
    stage.network.restore()
    stage.struck()


def cut_for_good(stage: Stage) -> None:
    # A new OBS comes when all has been measured: the old one would not be back for minutes.
    stage.undo.callback(stage.obs.kill)
    cut(stage)
    stage.wait_for(FALLBACK)


def take_over(stage: Stage) -> None:
    """Start another OBS while the old one's connection stands; from now on it is the OBS."""
    old, stage.obs = stage.obs, stage.another_obs("second" if stage.obs.encoder.mark == "live" else "live")
    stage.undo.callback(old.close)
    stage.obs.come()
    stage.wait_for(stage.obs.encoder.mark)


def two_with_one_key(stage: Stage) -> None:
    """Two that both reconnect: they throw each other out until one of them is refused."""
    second = stage.another_obs("second" if stage.obs.encoder.mark == "live" else "live")
    stage.undo.callback(second.close)
    before = stage.obs.refused
    second.come()
    stage.wait(lambda: second.refused or stage.obs.refused > before, FIGHT_SECONDS, "one to be refused")
    stage.counts["attempts"] = second.attempts


def two_with_different_keys(stage: Stage) -> None:
    other = stage.another_obs("second" if stage.obs.encoder.mark == "live" else "live", key="wrong")
    stage.undo.callback(other.close)
    other.come()
    stage.wait(lambda: other.refused >= WRONG_KEYS, FIGHT_SECONDS, "the other to be refused")
    stage.counts["refused"] = other.refused
    if stage.view.source("alpha") != stage.obs.encoder.mark:
        stage.complaints.append("the picture is not that of the OBS with the right key")


FAULTS = (
    Fault("obs-killed", "OBS is killed and comes back by itself", kill),
    Fault(
        "obs-frozen",
        "OBS freezes, its connection stands",
        freeze,
        bound_ms=STALL_MS,
        end=FALLBACK_ON,
    ),
    Fault("obs-thawed", "OBS goes on after a freeze", thaw, prepare=freeze_for_a_while),
    Fault("obs-cut-2s", "OBS's network is cut for 2 s, without a FIN", cut_2s, bound_ms=STALL_MS),
    Fault("obs-cut-10s", "OBS's network is cut for 10 s, without a FIN", cut_10s, bound_ms=STALL_MS),
    Fault(
        "obs-cut-for-good",
        "OBS's network is cut for good: the server drops it, the hold runs out",
        cut_for_good,
        bound_ms=STALL_MS,
        end=OFF_AIR,
        heals_within=HELD_SECONDS + 20,
        stands=HELD_SECONDS - 2,
    ),
    Fault(
        "obs-takeover",
        "OBS reconnects while its old connection stands",
        take_over,
        prepare=freeze_for_a_while,
    ),
    Fault(
        "obs-two-same-key",
        "two OBSs with the same key, both reconnecting: one stays",
        two_with_one_key,
        steady=FIGHT_SECONDS / 2 + 5,  # longer than the product's memory of a fight
    ),
    Fault(
        "obs-two-different-keys",
        "a second OBS with a wrong key is refused again and again",
        two_with_different_keys,
    ),
)
