"""The timeline as an SVG: each platform's pictures, the density of its packets, and the events. Pure."""

from collections import Counter
from collections.abc import Mapping
from html import escape

from tests.demo.events import Story
from tests.demo.judge import Evidence

WIDTH, LEFT, TOP, LANE, GAP = 1200, 70, 34, 70, 26
BUCKET_SECONDS = 0.1
TICK_SECONDS = 10
COLOURS = {"live": "#3fb950", "second": "#d25fd2", "fallback": "#e3a008"}


def timeline(story: Story, evidence: Mapping[str, Evidence]) -> str:
    """Return an <svg> element: a lane for each platform, bars of packets per 0.1 s by source."""
    last = max((seen.arrivals[-1] for seen in evidence.values() if seen.arrivals), default=story.started)
    seconds = max(last, *(event.time for event in story.events)) - story.started + 1
    scale = (WIDTH - LEFT - 10) / seconds
    height = TOP + len(evidence) * (LANE + GAP) + 20
    lanes = "".join(
        _lane(name, TOP + number * (LANE + GAP), story.started, seen, scale)
        for number, (name, seen) in enumerate(evidence.items())
    )
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="timeline">'
        f"{_axis(seconds, scale, height)}{lanes}{_marks(story, scale, height)}</svg>"
    )


def _lane(name: str, top: float, started: float, evidence: Evidence, scale: float) -> str:
    """Draw one platform: a bar for each bucket of time, and below it a ribbon in the colour of the source."""
    counts = Counter(int((arrival - started) / BUCKET_SECONDS) for arrival in evidence.arrivals)
    most = max(counts.values(), default=1)
    shown = evidence.shown()
    sources = {int((frame.arrived - started) / BUCKET_SECONDS): frame.source for frame in shown}
    bars, source = [], ""
    for bucket in range(min(counts, default=0), max(counts, default=-1) + 1):
        source = sources.get(bucket, source)
        # The square root keeps ordinary traffic visible beside a burst.
        tall = (LANE - 14) * (counts[bucket] / most) ** 0.5
        x, wide = LEFT + bucket * BUCKET_SECONDS * scale, BUCKET_SECONDS * scale
        colour = COLOURS.get(source, "#888")
        bars.append(_box(x, top + LANE - 14 - tall, wide, tall, colour, opacity=0.55))
        if any(counts[near] for near in (bucket - 1, bucket, bucket + 1)):  # a real silence shows as a hole
            bars.append(_box(x, top + LANE - 10, wide + 0.3, 10, colour))
    return f'<text x="0" y="{top + LANE / 2}" class="name">{escape(name)}</text>' + "".join(bars)


def _box(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1.0) -> str:
    size = f'width="{width:.2f}" height="{height:.1f}"'
    return f'<rect x="{x:.2f}" y="{y:.1f}" {size} fill="{colour}" fill-opacity="{opacity}"/>'


def _axis(seconds: float, scale: float, height: float) -> str:
    ticks = range(0, int(seconds) + 1, TICK_SECONDS)
    return "".join(
        f'<line x1="{LEFT + tick * scale:.1f}" x2="{LEFT + tick * scale:.1f}" y1="{TOP}" y2="{height - 16}" '
        f'class="tick"/><text x="{LEFT + tick * scale:.1f}" y="{height - 2}" class="axis">{tick} s</text>'
        for tick in ticks
    )


def _marks(story: Story, scale: float, height: float) -> str:
    """Draw a numbered line for each event; the page lists the events by number."""
    marks = ""
    for number, event in enumerate(story.events, 1):
        x = LEFT + (event.time - story.started) * scale
        marks += (
            f'<g><title>{escape(event.text)}</title><line x1="{x:.1f}" x2="{x:.1f}" y1="22" '
            f'y2="{height - 16}" class="mark"/><circle cx="{x:.1f}" cy="13" r="9" class="dot"/>'
            f'<text x="{x:.1f}" y="17" class="number">{number}</text></g>'
        )
    return marks
