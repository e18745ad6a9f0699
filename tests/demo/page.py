"""The report as one self-contained HTML file, without network and script."""

from collections.abc import Mapping
from html import escape
from pathlib import Path

from tests.demo.chart import COLOURS, timeline
from tests.demo.events import Story
from tests.demo.judge import BOUNDS, Evidence, Verdict, words
from tests.demo.sheet import contact_sheet

STYLE_SHEET = Path(__file__).with_name("page.css")
TITLES = {
    "drop": "OBS stops → fallback",
    "return": "OBS is back → live",
    "stall": "uplink freezes → fallback (1 s is the configured stall time)",
    "thaw": "uplink thaws → live",
    "takeover": "a second OBS takes over",
    "program_killed": "SIGKILL to the program",
    "program_restarted": "restart of the program, as in an upgrade: live goes on",
    "ingest_killed": "SIGKILL to the ingest server",
    "first_live_picture": "publish → first live picture",
}


def write_page(
    path: Path, server: str, story: Story, verdict: Verdict, evidence: Mapping[str, Evidence]
) -> None:
    """Write index.html."""
    legend = "".join(
        f'<span><i style="background:{colour}"></i>{name}</span>' for name, colour in COLOURS.items()
    )
    sheets = "".join(
        f"<h3>{escape(name)}</h3>{contact_sheet(story, seen)}" for name, seen in evidence.items()
    )
    body = (
        f"{_headline(server, story, verdict)}"
        f"<section><h2>Timeline</h2><p class=legend>{legend}<span>bars: packets per 0.1 s; "
        f"ribbon: the picture</span></p>{timeline(story, evidence)}{_events(story)}</section>"
        f"<section><h2>Hand-offs</h2>{_handoffs(verdict)}</section>"
        f"<section><h2>Platforms</h2>{_platforms(verdict)}</section>"
        f"<section><h2>What each platform received</h2>{sheets}</section>"
    )
    path.write_text(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>restream-agent demo</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE_SHEET.read_text()}</style>'
        f"<main>{body}</main></html>\n"
    )


def _headline(server: str, story: Story, verdict: Verdict) -> str:
    lost = sum(max(0, row.traffic.connections - 1) for row in verdict.platforms.values())
    result = "every bound held" if not verdict.faults else f"{len(verdict.faults)} faults"
    worst = max(
        (gap for kind in ("drop", "return", "thaw", "takeover") for gap in verdict.gaps(kind)), default=None
    )
    tiles = [(str(lost), "platform connections lost"), (words(worst), "longest silence at a cut")]
    if story.load:
        tiles.append(
            (f"{story.load.resident_mb:.0f} MB", f"memory of the program, {story.load.relays} relays")
        )
        tiles.append((f"{100 * story.load.core:.1f} %", "of one core"))
    cells = "".join(f"<div><b>{value}</b>{label}</div>" for value, label in tiles)
    faults = "".join(f"<li>{escape(fault)}</li>" for fault in verdict.faults)
    return (
        f'<header class="{"bad" if verdict.faults else "good"}"><h1>One broadcast, many misfortunes</h1>'
        f"<p>Ingest server: {escape(server)}. Platforms: {len(verdict.platforms)}. "
        f"Result: <strong>{result}</strong>.</p>"
        f"<div class=tiles>{cells}</div><ul>{faults}</ul></header>"
    )


def _events(story: Story) -> str:
    rows = (
        f"<li><b>{event.time - story.started:.1f} s</b> {escape(event.text)}</li>" for event in story.events
    )
    return f"<ol class=events>{''.join(rows)}</ol>"


def _handoffs(verdict: Verdict) -> str:
    names = list(verdict.platforms)
    head = "".join(f"<th>{escape(name)}" for name in names)
    rows = "".join(_handoff_row(verdict, kind, names) for kind in BOUNDS if verdict.gaps(kind))
    return f"<table><tr><th>Silence at the platform{head}<th>median<th>bound<th></tr>{rows}</table>"


def _handoff_row(verdict: Verdict, kind: str, names: list[str]) -> str:
    chosen = [handoff for handoff in verdict.handoffs if handoff.kind == kind]
    cells = "".join(
        f"<td>{', '.join(words(handoff.gap_ms) for handoff in chosen if handoff.platform == name)}"
        for name in names
    )
    end = (
        f"<td>{words(verdict.medians()[kind])}<td>{words(BOUNDS[kind])}<td>{_mark(is_ok=verdict.is_ok(kind))}"
    )
    return f"<tr><td>{TITLES[kind]}{cells}{end}</tr>"


def _platforms(verdict: Verdict) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}<td>{row.traffic.connections}<td>{row.traffic.packets}"
        f"<td>{row.traffic.non_monotonic}<td>{row.decode_errors}<td>{words(row.max_av_offset_ms)}"
        f"<td>{_mark(is_ok=row.is_ok())}</tr>"
        for name, row in verdict.platforms.items()
    )
    titles = (
        "Platform",
        "connections",
        "packets",
        "non-monotonic",
        "decode errors",
        "largest A/V offset",
        "",
    )
    return f"<table><tr>{''.join(f'<th>{title}' for title in titles)}</tr>{rows}</table>"


def _mark(*, is_ok: bool) -> str:
    return '<b class="good">ok</b>' if is_ok else '<b class="bad">FAIL</b>'
