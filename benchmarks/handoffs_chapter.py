"""The chapter of the page about hand-offs. Pure."""

from typing import Any

from benchmarks import page, plot
from benchmarks.media.broadcast import CYCLE_SECONDS
from benchmarks.media.judge import KINDS
from benchmarks.media.peers import Liquidsoap

OURS, USUAL = "restream-agent on ", "the usual way on "
METHOD = f"""\
Each tool runs in a container of its own and sends one publisher's stream to two platforms, all tools at the
same time. The publisher sends encoded material with a number in every packet, 720p30 at 2.5 Mb/s and 1080p60
at 6 Mb/s. A proxy before each platform records every packet with its time. One cycle lasts {CYCLE_SECONDS:g}
s: OBS drops, returns, freezes for 8 s, thaws, freezes again and another one takes over, and what carries the
stream is killed (SIGKILL; systemd, or the usual way's application, starts it again). The publisher reconnects
after 2 s when it is thrown out, as OBS does.

The gap of a drop, a freeze and a kill is the longest silence from the event to the next; that of a return, a
thaw and a takeover the longest within 1 s of the first picture that was sent after it. "Never" counts the
hand-offs without a gap: nothing came any more, or nothing had been sent before. So every tool also has the
longest silence from each event to the next, cut at both: of a tool without a fallback it is all of that time.
"""


def chapter(data: dict[str, Any]) -> str:
    """Return the chapter of the page."""
    tools = data["tools"]
    lines = [
        "## Hand-offs\n",
        METHOD,
        page.command("handoffs"),
        "![Median silences](performance/handoffs.svg)\n",
    ]
    lines += ["How many times shorter the median silence of restream-agent is:\n"]
    lines += [_comparison(tools, "silence_ms")]
    lines += ['And the median gap; "-" where the other tool never had one, only silence to the end:\n']
    lines += [_comparison(tools, "gap_ms")]
    lines += [_kind(kind, tools) for kind in KINDS]
    lines += [_whole(tools), "Median gaps by size, ms:\n", _sizes(tools)]
    lines += ["Memory of every process, steady and live (PSS, MB):\n", _memory(tools)]
    if data["not_measured"]:
        reasons = "; ".join(f"{name} ({why})" for name, why in data["not_measured"].items())
        lines.append(f"Not measured: {reasons}\n")
    return "\n".join(lines)


def plots(data: dict[str, Any]) -> dict[str, str]:
    """Return the plot of the median silences, which every tool has."""
    groups = {
        kind: {name: _median(tool, kind, "silence_ms") for name, tool in data["tools"].items()}
        for kind in KINDS
    }
    return {
        "handoffs.svg": plot.bars(
            "Longest silence from an event to the next, median", groups, "ms", is_logarithmic=True
        )
    }


def times_shorter(tools: dict[str, Any], ours: str, other: str, kind: str, figure: str) -> float | None:
    """Return how many times shorter the median of a figure of ours is than another tool's.

    `figure` is "silence_ms" or "gap_ms". Returns None if one of the two has none.
    """
    own, longer = (_median(tools.get(name), kind, figure) for name in (ours, other))
    return None if own is None or longer is None else round(longer / own, 1)


def _median(tool: dict[str, Any] | None, kind: str, figure: str) -> float | None:
    found: float | None = tool["kinds"][kind][figure]["median"] if tool else None
    return found


def _comparison(tools: dict[str, Any], figure: str) -> str:
    servers = [name.removeprefix(OURS) for name in tools if name.startswith(OURS)]
    pairs = [(OURS + server, other) for server in servers for other in (USUAL + server, Liquidsoap.name)]
    rows = [
        (f"{ours} than {other}", *(times_shorter(tools, ours, other, kind, figure) for kind in KINDS))
        for ours, other in pairs
    ]
    return page.table(("times", *KINDS), rows)


def _kind(kind: str, tools: dict[str, Any]) -> str:
    head = (
        f"{kind}, ms", "median gap", "p95", "max", "measured", "never", "median silence",
        "fallback seen after", "live seen after",
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for name, tool in tools.items():
        found = tool["kinds"][kind]
        gap, slate, live = found["gap_ms"], found["fallback_seen_after_ms"], found["live_seen_after_ms"]
        figures = (gap["median"], gap["p95"], gap["max"], gap["count"], found["never"])
        silence = found["silence_ms"]["median"]
        rows.append((name, *figures, silence, slate["median"], live["median"]))
    return page.table(head, rows)


def _whole(tools: dict[str, Any]) -> str:
    head = (
        "whole run", "connections lost", "hand-offs", "out of order", "packets", "decoder's messages",
        "of the last second, %",
    )  # fmt: skip
    keys = ("connections_lost", "hand_offs", "out_of_order", "packets", "decode_messages")
    rows = [
        (name, *(tool[key] for key in keys), tool["last_second_percent"]["median"])
        for name, tool in tools.items()
    ]
    return page.table(head, rows)


def _sizes(tools: dict[str, Any]) -> str:
    rows = [
        (f"{name}, {size}", *(kinds[kind]["median"] for kind in KINDS))
        for name, tool in tools.items()
        for size, kinds in tool["sizes"].items()
    ]
    return page.table(("ms", *KINDS), rows)


def _memory(tools: dict[str, Any]) -> str:
    rows: list[tuple[object, ...]] = []
    for name, tool in tools.items():
        for size, processes in tool["memory_kib"].items():
            each = ", ".join(f"{process} {kib / 1000:.0f}" for process, kib in processes.items())
            rows.append((f"{name}, {size}", f"{sum(processes.values()) / 1000:.0f}", each))
    return page.table(("tool", "all", "each"), rows)
