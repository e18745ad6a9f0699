"""The verdict as tables on the terminal and as report.json."""

import json
from dataclasses import asdict

from tests.demo.events import Story
from tests.demo.judge import AV_OFFSET_MS, BOUNDS, CORE, RESIDENT_MB, Verdict
from tests.demo.screen import Screen


def show(story: Story, verdict: Verdict, screen: Screen) -> None:
    """Write both tables, the program's cost and the faults to the terminal."""
    screen.plain()
    titles = f"{'platform':12}{'connections':>12}{'packets':>9}{'non-monotonic':>15}{'decode errors':>15}"
    screen.plain(f"{titles}{'max A/V':>10}")
    for name, row in verdict.platforms.items():
        counts = f"{row.traffic.connections:12}{row.traffic.packets:9}{row.traffic.non_monotonic:15}"
        mark = screen.paint("ok", "good") if row.is_ok() else screen.paint("FAIL", "bad")
        screen.plain(f"{name:12}{counts}{row.decode_errors:15}{_ms(row.max_av_offset_ms):>10}  {mark}")
    screen.plain()
    names = list(verdict.platforms)
    screen.plain(
        f"{'hand-off':20}" + "".join(f"{name:>24}" for name in names) + f"{'median':>10}{'bound':>10}"
    )
    for kind, median in verdict.medians().items():
        screen.plain(_gap_row(verdict, kind, median, screen))
    if story.load:
        cost = f"{story.load.resident_mb:.0f} MB, {100 * story.load.core:.1f} % of a core"
        load = f"{story.load.relays} relays of {story.load.bitrate / 1e6:.1f} Mb/s"
        screen.plain(f"\nthe program with {load}: {cost} (bounds {RESIDENT_MB} MB, {100 * CORE:.0f} %)")
    screen.plain()
    for fault in verdict.faults:
        screen.plain(screen.paint(f"FAIL  {fault}", "bad"))
    if not verdict.faults:
        screen.plain(screen.paint("Every platform received the right pictures, within every bound.", "good"))


def as_json(server: str, story: Story, verdict: Verdict) -> str:
    """Return report.json: times in seconds since the broadcast began, gaps in ms."""
    platforms = {
        name: {
            "connections": row.traffic.connections,
            "tcp_connections": row.traffic.tcp_connections,
            "packets": row.traffic.packets,
            "non_monotonic": row.traffic.non_monotonic,
            "decode_errors": row.decode_errors,
            "max_av_offset_ms": _rounded(row.max_av_offset_ms),
            "av_median_begin_ms": _rounded(row.av_median_begin_ms),
            "av_median_end_ms": _rounded(row.av_median_end_ms),
        }
        for name, row in verdict.platforms.items()
    }
    measured = [
        {
            "kind": handoff.kind,
            "platform": handoff.platform,
            "gap_ms": _rounded(handoff.gap_ms),
            "at": round(handoff.time - story.started, 2),
            "bound_ms": BOUNDS[handoff.kind],
        }
        for handoff in verdict.handoffs
    ]
    report = {
        "server": server,
        "ok": not verdict.faults,
        "faults": verdict.faults,
        "platforms": platforms,
        "handoffs": [row for row in measured if row["kind"] != "first_live_picture"],
        "first_live_picture_ms": [row for row in measured if row["kind"] == "first_live_picture"],
        "medians": {kind: round(value, 1) for kind, value in verdict.medians().items()},
        "av_offset_bound_ms": AV_OFFSET_MS,
        "program": story.load and asdict(story.load),
        "events": [
            {"kind": event.kind, "text": event.text, "at": round(event.time - story.started, 2)}
            for event in story.events
        ],
    }
    return json.dumps(report, indent=2) + "\n"


def _gap_row(verdict: Verdict, kind: str, median: float, screen: Screen) -> str:
    cells = ""
    for name in verdict.platforms:
        gaps = [h.gap_ms for h in verdict.handoffs if (h.kind, h.platform) == (kind, name)]
        cells += f"{' / '.join(_ms(gap, unit='') for gap in gaps):>24}"
    mark = screen.paint("ok", "good") if verdict.is_ok(kind) else screen.paint("FAIL", "bad")
    return f"{kind:20}{cells}{_ms(median):>10}{_ms(BOUNDS[kind]):>10}  {mark}"


def _ms(value: float | None, *, unit: str = " ms") -> str:
    return "none" if value is None else f"{value:.0f}{unit}"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
