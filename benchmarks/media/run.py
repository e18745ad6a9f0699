"""The broadcasts that the sections `handoffs` and `latency` share: played once in a run."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.media import clip, stage
from benchmarks.media.install import install
from benchmarks.media.ours import RestreamAgent
from benchmarks.media.peers import DirectPush, Liquidsoap, NginxPush, NodeMediaServer, SrsForward, UsualWay
from benchmarks.media.stage import Played
from benchmarks.media.tool import Tool

CYCLES = 8  # of each size: with two sizes and two platforms 32 of each kind
QUICK_CYCLES = 1


@dataclass(frozen=True)
class Run:
    """All broadcasts of one run, and why a tool is not among them."""

    played: list[Played]
    missing: dict[str, str]


def run(bench: Bench) -> Run:
    """Play all tools in all sizes, or return what this run has played already."""
    kept = bench.work / "media.pickle"
    if kept.exists():
        found: Run = pickle.loads(kept.read_bytes())  # noqa: S301 (written below, in this run)
        return found
    missing = install(bench.screen)
    sizes = clip.SIZES[:1] if bench.quick else clip.SIZES
    cycles = QUICK_CYCLES if bench.quick else CYCLES
    played = [one for size in sizes for one in stage.play(tools(bench, missing), size, cycles, bench)]
    missing |= {one.tool: one.failed for one in played if one.failed}
    done = Run([one for one in played if not one.failed], missing)
    kept.write_bytes(pickle.dumps(done))
    return done


def tools(bench: Bench, missing: dict[str, str]) -> list[Tool]:
    """Return the tools to measure, the direct push last."""
    found: list[Tool] = [RestreamAgent(server, bench.screen) for server in bench.servers]
    if "the usual way" not in missing:
        found += [UsualWay(server) for server in bench.servers]
    found.append(NginxPush())
    optional: dict[str, Callable[[], Tool]] = {
        Liquidsoap.name: Liquidsoap, NodeMediaServer.name: NodeMediaServer
    }  # fmt: skip
    if "srs" in bench.servers:
        found.append(SrsForward())
    found += [make() for name, make in optional.items() if name not in missing]
    return [*found, DirectPush()]
