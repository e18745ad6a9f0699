"""Faults of OBS and its network."""

from dataclasses import replace
from pathlib import Path

from tests.chaos.broadcast import HOLD_SECONDS, INGEST_PORT, LIGHT, TIMEOUT_SECONDS, ChaosBroadcast
from tests.chaos.ends import FALLBACK_ON, OFF_AIR
from tests.chaos.fault import STALL_MS, Fault
from tests.lab.clip import Clip, encode
from tests.lab.container import SHARED, end_group
from tests.lab.network import client_port
from tests.lab.scene import FALLBACK

FROZEN_SECONDS = 4.0
HELD_SECONDS = float(TIMEOUT_SECONDS + HOLD_SECONDS)
WRONG_KEYS = 3  # refusals to wait for
FIGHT_SECONDS = 60.0
FAST_SECONDS = 10.0
FAST_SPEED = 20
_FAST = Clip(f"{SHARED}/fast.flv", "second", FAST_SPEED)


def kill(broadcast: ChaosBroadcast) -> None:
    """Kill OBS, which reconnects by itself; meanwhile every platform must receive the fallback."""
    broadcast.obs.kill()
    broadcast.wait_for(FALLBACK)


def freeze(broadcast: ChaosBroadcast) -> None:
    broadcast.obs.freeze()
    broadcast.undo.callback(broadcast.obs.thaw)


def freeze_for_a_while(broadcast: ChaosBroadcast) -> None:
    freeze(broadcast)
    broadcast.wait_for(FALLBACK)
    broadcast.watch(FROZEN_SECONDS / 2)


def thaw(broadcast: ChaosBroadcast) -> None:
    broadcast.obs.thaw()


def cut(broadcast: ChaosBroadcast) -> None:
    """Drop every packet between OBS and the ingest server."""
    port = client_port(broadcast.container, broadcast.obs.session(), INGEST_PORT)
    broadcast.undo.callback(broadcast.network.restore)
    broadcast.network.cut(port, INGEST_PORT)


def cut_2s(broadcast: ChaosBroadcast) -> None:
    cut(broadcast)
    broadcast.watch(2)
    broadcast.network.restore()
    broadcast.struck()


def cut_10s(broadcast: ChaosBroadcast) -> None:
    cut(broadcast)
    broadcast.wait_for(FALLBACK)
    broadcast.wait(lambda: broadcast.elapsed() >= 10, 15, "10 s to pass")
    broadcast.network.restore()
    broadcast.struck()


def cut_for_good(broadcast: ChaosBroadcast) -> None:
    # OBS is killed after the measurement so that it reconnects: by itself it would take minutes.
    broadcast.undo.callback(broadcast.obs.kill)
    cut(broadcast)
    broadcast.wait_for(FALLBACK)


def take_over(broadcast: ChaosBroadcast) -> None:
    """Start another OBS while the connection of the first stands; from now on the other is the OBS."""
    old, broadcast.obs = (
        broadcast.obs,
        broadcast.another_obs("second" if broadcast.obs.encoder.mark == "live" else "live"),
    )
    broadcast.undo.callback(old.close)
    broadcast.obs.come()
    broadcast.wait_for(broadcast.obs.encoder.mark)


def two_with_one_key(broadcast: ChaosBroadcast) -> None:
    """Let two OBSs with one key reconnect: they throw each other out until one of them is refused."""
    second = broadcast.another_obs("second" if broadcast.obs.encoder.mark == "live" else "live")
    broadcast.undo.callback(second.close)
    before = broadcast.obs.refused
    second.come()
    broadcast.wait(
        lambda: second.refused or broadcast.obs.refused > before, FIGHT_SECONDS, "one OBS to be refused"
    )
    broadcast.counts["attempts"] = second.attempts


def two_with_different_keys(broadcast: ChaosBroadcast) -> None:
    other = broadcast.another_obs("second" if broadcast.obs.encoder.mark == "live" else "live", key="wrong")
    broadcast.undo.callback(other.close)
    other.come()
    broadcast.wait(
        lambda: other.refused >= WRONG_KEYS, FIGHT_SECONDS, "the OBS with the wrong key to be refused"
    )
    broadcast.counts["refused"] = other.refused
    if broadcast.view.source("alpha") != broadcast.obs.encoder.mark:
        broadcast.complaints.append("the picture is not that of the OBS with the right key")


def encode_fast(broadcast: ChaosBroadcast) -> None:
    """Encode 10 s beforehand: no encoder is twenty times as fast as needed on this machine."""
    encode(broadcast.container, Path(_FAST.path).name, replace(LIGHT, fps=60, mark=_FAST.mark), 10)


def publish_fast(broadcast: ChaosBroadcast) -> None:
    """Have another publisher send a file at twenty times its speed, as an ffmpeg without -re does."""
    broadcast.obs.leave()
    broadcast.wait_for(FALLBACK)
    process = broadcast.container.popen(_FAST.arguments(broadcast.publish_url))
    broadcast.undo.callback(end_group, process)
    broadcast.watch(FAST_SECONDS)
    if process.poll() is not None:
        broadcast.complaints.append("the fast publisher ended by itself")
    end_group(process)
    broadcast.struck()
    broadcast.obs.come()


FAULTS = (
    Fault("obs-killed", "OBS is killed and comes back by itself", kill),
    Fault(
        "obs-frozen",
        "OBS freezes and keeps its connection",
        freeze,
        bound_ms=STALL_MS,
        end=FALLBACK_ON,
    ),
    Fault("obs-thawed", "OBS continues after a freeze", thaw, prepare=freeze_for_a_while),
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
        steady=FIGHT_SECONDS / 2 + 5,  # longer than the product remembers a fight
    ),
    Fault(
        "obs-fast",
        "a publisher sends at twenty times its speed, as an ffmpeg without -re does",
        publish_fast,
        prepare=encode_fast,
    ),
    Fault(
        "obs-two-different-keys",
        "a second OBS with a wrong key is refused again and again",
        two_with_different_keys,
    ),
)
