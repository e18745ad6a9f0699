"""The section `handoffs`: gaps, lost connections, and what was seen, of every tool in the same run."""

from collections.abc import Sequence
from typing import Any

from benchmarks import page, plot
from benchmarks.bench import Bench
from benchmarks.media import judge
from benchmarks.media.broadcast import CYCLE_SECONDS
from benchmarks.media.judge import KINDS, Evidence, Handoff
from benchmarks.media.run import run
from benchmarks.media.stage import Played
from benchmarks.summary import summary

METHOD = f"""\
Each tool runs in a container of its own and sends one publisher's stream to two platforms, all tools at the
same time. The publisher sends encoded material with a number in every packet, 720p30 at 2.5 Mb/s and 1080p60
at 6 Mb/s. A proxy before each platform records every packet with its time. One cycle lasts {CYCLE_SECONDS:g}
s: OBS drops, returns, freezes for 8 s, thaws, freezes again and another one takes over, and what carries the
stream is killed (SIGKILL; systemd, or the usual way's application, starts it again). The publisher reconnects
after 2 s when it is thrown out, as OBS does.

The gap of a drop, a freeze and a kill is the longest silence from the event to the next; that of a return, a
thaw and a takeover the longest within 1 s of the first picture that was sent after it. "Never" counts the
hand-offs without a gap: nothing came any more, or nothing had been sent before.
"""


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
        "never": len(handoffs) - len(gaps),
        "fallback_seen_after_ms": summary(
            [one.fallback_ms for one in handoffs if one.fallback_ms is not None]
        ),
        "live_seen_after_ms": summary([one.live_ms for one in handoffs if one.live_ms is not None]),
    }


def chapter(data: dict[str, Any]) -> str:
    """Return the chapter of the page."""
    tools = data["tools"]
    lines = ["## Hand-offs\n", METHOD, page.command("handoffs"), "![Median gaps](performance/handoffs.svg)\n"]
    for kind in KINDS:
        rows = []
        for name, tool in tools.items():
            found = tool["kinds"][kind]
            gap, slate, live = found["gap_ms"], found["fallback_seen_after_ms"], found["live_seen_after_ms"]
            median = "none" if not gap["count"] else gap["median"]
            rows.append(
                (
                    name,
                    median,
                    gap["p95"],
                    gap["max"],
                    gap["count"],
                    found["never"],
                    slate["median"],
                    live["median"],
                )
            )
        head = (
            f"{kind}, ms", "median gap", "p95", "max", "measured", "never", "fallback seen after",
            "live seen after",
        )  # fmt: skip
        lines.append(page.table(head, rows))
    head = (
        "whole run", "connections lost", "hand-offs", "out of order", "packets", "decoder's messages",
        "of the last second, %", "PSS, MB",
    )  # fmt: skip
    lines.append(page.table(head, [_whole(name, tool) for name, tool in tools.items()]))
    if data["not_measured"]:
        lines.append(
            "Not measured: " + "; ".join(f"{n} ({why})" for n, why in data["not_measured"].items()) + "\n"
        )
    return "\n".join(lines)


def _whole(name: str, tool: dict[str, Any]) -> tuple[object, ...]:
    memory = " / ".join(f"{sum(sizes.values()) / 1000:.0f}" for sizes in tool["memory_kib"].values())
    return (
        name, tool["connections_lost"], tool["hand_offs"], tool["out_of_order"], tool["packets"],
        tool["decode_messages"], tool["last_second_percent"]["median"], memory,
    )  # fmt: skip


def plots(data: dict[str, Any]) -> dict[str, str]:
    """Return the plot of the median gaps."""
    groups = {
        kind: {name: tool["kinds"][kind]["gap_ms"]["median"] for name, tool in data["tools"].items()}
        for kind in KINDS
    }
    return {"handoffs.svg": plot.bars("Median gap at a hand-off", groups, "ms", is_logarithmic=True)}
