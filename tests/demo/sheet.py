"""The contact sheet: small pictures from what each platform received."""

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.demo.events import Story
from tests.demo.judge import Evidence


@dataclass(frozen=True)
class Still:
    """One small picture: seconds since the broadcast began, the source it shows, the JPEG file."""

    seconds: float
    source: str
    file: Path


def stills(story: Story, evidence: Evidence) -> list[Still]:
    """Choose the first picture of each phase and one from its middle."""
    every = [
        Still(shown.arrived - story.started, shown.source, part.thumbnails[shown.pts])
        for part in evidence.received
        for shown in part.shown
        if shown.pts in part.thumbnails
    ]
    chosen: list[Still] = []
    for phase in story.phases:
        for moment in (phase.start, (phase.start + phase.end) / 2):
            still = next((still for still in every if still.seconds >= moment - story.started), None)
            if still and still not in chosen:
                chosen.append(still)
    return chosen


def contact_sheet(story: Story, evidence: Evidence) -> str:
    """Return the pictures as HTML figures with the images inside."""
    return '<div class="sheet">' + "".join(_figure(still) for still in stills(story, evidence)) + "</div>"


def _figure(still: Still) -> str:
    image = b64encode(still.file.read_bytes()).decode()
    source = escape(still.source)
    return (
        f'<figure class="{source}"><img alt="{source}" src="data:image/jpeg;base64,{image}">'
        f"<figcaption>{still.seconds:.1f} s <b>{source}</b></figcaption></figure>"
    )
