"""The section `handoffs`: gaps, lost connections, and what was seen, of every tool in the same run."""

from collections.abc import Sequence
from typing import Any

from benchmarks.bench import Bench
from benchmarks.handoffs_chapter import chapter, plots
from benchmarks.media import judge
from benchmarks.media.judge import KINDS, Evidence, Handoff
from benchmarks.media.run import run
from benchmarks.media.stage import Played
from benchmarks.summary import summary

__all__ = ["chapter", "measure", "plots"]


def measure(bench: Bench) -> dict[str, object]:
    """Play the broadcasts, and judge each tool."""
    done = run(bench)
    names = list(dict.fromkeys(one.tool for one in done.played))
    return {
        "command": "make bench ONLY=handoffs",
        "tools": {
            name: _tool([one for one in done.played if one.tool == name])
            for name in names
            if any(one.record.events for one in done.played if one.tool == name)
        },
        "not_measured": done.missing,
    }


def _tool(played: Sequence[Played]) -> dict[str, object]:
    evidence = [Evidence(one.record, seen) for one in played for seen in one.receptions.values()]
    every = [handoff for seen in evidence for handoff in judge.handoffs(seen)]
    shares = [100 * one.last_second for one in every if one.last_second is not None]
    return {
        "kinds": {kind: _kind([one for one in every if one.kind == kind]) for kind in KINDS},
        "sizes": {
            one.size: {
                kind: summary(_gaps(
                    handoff
                    for seen in one.receptions.values()
                    for handoff in judge.handoffs(Evidence(one.record, seen))
                    if handoff.kind == kind
                ))
                for kind in KINDS
            }
            for one in played
        },
        "connections_lost": sum(judge.lost_connections(seen) for seen in evidence),
        "hand_offs": len(every),
        "out_of_order": sum(seen.reception.out_of_order for seen in evidence),
        "packets": sum(len(seen.reception.packets) for seen in evidence),
        "decode_messages": sum(len(one.decode_messages) for one in played),
        "decode_examples": sorted({line for one in played for line in one.decode_messages})[:5],
        "last_second_percent": summary(shares),
        "memory_kib": {one.size: one.record.memory for one in played},
    }  # fmt: skip


def _gaps(handoffs: Any) -> list[float]:
    return [one.gap_ms for one in handoffs if one.gap_ms is not None]


def _kind(handoffs: Sequence[Handoff]) -> dict[str, object]:
    gaps = _gaps(handoffs)
    return {
        "gap_ms": summary(gaps),
        "silence_ms": summary([one.silence_ms for one in handoffs]),
        "never": len(handoffs) - len(gaps),
        "fallback_seen_after_ms": summary(
            [one.fallback_ms for one in handoffs if one.fallback_ms is not None]
        ),
        "live_seen_after_ms": summary([one.live_ms for one in handoffs if one.live_ms is not None]),
    }
