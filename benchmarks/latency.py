"""The section `latency`: from the publisher's packet to the platform's, beside a direct push."""

from collections.abc import Sequence
from typing import Any

from benchmarks import page, plot
from benchmarks.bench import Bench
from benchmarks.media import judge
from benchmarks.media.judge import Evidence
from benchmarks.media.peers import DirectPush
from benchmarks.media.run import run
from benchmarks.media.stage import Played
from benchmarks.summary import summary

METHOD = """\
From the publisher's send to the arrival of the same packet at the platform, known by its number, for every
packet of the publisher: steady, from 3 s after the first live picture on, and just after hand-offs, the first
2 s. *Added* is the difference to the direct push of the same stream to the same kind of platform at the same
time, of medians and of p95s. The first live picture counts from the start of the publisher's process.
"""


def measure(bench: Bench) -> dict[str, object]:
    """Play the broadcasts, or take those of this run, and measure every packet."""
    played = run(bench).played
    sizes: dict[str, dict[str, Any]] = {}
    for one in played:
        sizes.setdefault(one.size, {})[one.tool] = _figures([one])
    names = list(dict.fromkeys(one.tool for one in played))
    every = {name: _figures([one for one in played if one.tool == name]) for name in names}
    for figures in (every, *sizes.values()):
        _compare(figures)
    return {"command": "make bench ONLY=latency", "tools": every, "sizes": sizes}


def _figures(played: Sequence[Played]) -> dict[str, Any]:
    found = [
        judge.latencies(Evidence(one.record, seen)) for one in played for seen in one.receptions.values()
    ]
    returns = [
        handoff.live_ms
        for one in played
        for seen in one.receptions.values()
        for handoff in judge.handoffs(Evidence(one.record, seen))
        if handoff.kind == "return" and handoff.live_ms is not None
    ]
    return {
        "steady_ms": summary([late for one in found for late in one.steady]),
        "after_hand_off_ms": summary([late for one in found for late in one.after]),
        "first_live_picture_ms": summary(returns),
    }


def _compare(tools: dict[str, Any]) -> None:
    """Add what each tool adds to the direct push."""
    direct = tools.get(DirectPush.name, {}).get("steady_ms", {})
    for figures in tools.values():
        steady = figures["steady_ms"]
        figures["added_ms"] = {
            part: None if None in (steady[part], direct.get(part)) else round(steady[part] - direct[part], 1)
            for part in ("median", "p95")
        }


def chapter(data: dict[str, Any]) -> str:
    """Return the chapter of the page."""
    lines = ["## Latency\n", METHOD, page.command("latency"), "![Latency](performance/latency.svg)\n"]
    head = (
        "ms", "steady: median", "p95", "max", "added: median", "p95", "after hand-offs: median", "p95",
        "first live picture: median", "p95",
    )  # fmt: skip
    for title, tools in {"both sizes": data["tools"], **data["sizes"]}.items():
        rows = []
        for name, found in tools.items():
            steady, added, after = found["steady_ms"], found["added_ms"], found["after_hand_off_ms"]
            first = found["first_live_picture_ms"]
            rows.append((
                name, steady["median"], steady["p95"], steady["max"], added["median"], added["p95"],
                after["median"], after["p95"], first["median"], first["p95"],
            ))  # fmt: skip
        lines.append(page.table((f"{title}, {head[0]}", *head[1:]), rows))
    return "\n".join(lines)


def plots(data: dict[str, Any]) -> dict[str, str]:
    """Return the plot of the latencies."""
    groups = {
        name: {part: found["steady_ms"][part] for part in ("median", "p95")}
        for name, found in data["tools"].items()
    }
    return {"latency.svg": plot.bars("Latency, steady", groups, "ms", is_logarithmic=True)}
