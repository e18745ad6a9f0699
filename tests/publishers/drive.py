"""Playing cases one after another, each a broadcast of its own in the same container."""

import os
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.lab.flv import file_of
from tests.lab.material import ENCODERS, can_encode
from tests.lab.rtmp import RtmpMessage
from tests.publishers.case import PublisherCase
from tests.publishers.judge import NOTHING, CasePlayed, receive
from tests.publishers.reception import sent_frames
from tests.publishers.stage import PublisherStage

DECODE_SECONDS = 120.0
WRITER = "[null @"  # it rounds times of sound to ms and then complains that two are equal
# Errors of one case; the next cases are still played.
TROUBLE = (LabError, OSError, ValueError, subprocess.SubprocessError)


def play_all(
    server: str, cases: Sequence[PublisherCase], journal: Path, screen: Screen
) -> Iterator[CasePlayed]:
    """Play cases on an ingest server in one container, whose journal is written to a file."""
    with Container() as container:
        stage = PublisherStage(container, server, screen)
        try:
            stage.build()
            for case in cases:
                screen.line(f"{case.name}: {case.text}", "event")
                yield play(stage, case)
        finally:
            for publisher in stage.publishers:
                publisher.kill()
            journal.write_text(container.journal())


def play(stage: PublisherStage, case: PublisherCase) -> CasePlayed:
    """Play one case from off air, and measure it."""
    try:
        stage.reset()
        stage.awaited = case.expectation(stage.server, ffmpeg_version()).says
        case.play(stage)
    except TROUBLE as error:
        stage.complaints.append((str(error) or type(error).__name__).splitlines()[0])
    return _measured(stage, case)


def playable(cases: Sequence[PublisherCase]) -> list[PublisherCase]:
    """Return the cases whose encoders this machine's ffmpeg has."""
    return [case for case in cases if all(can_encode(ENCODERS[name]) for name in case.encoders)]


@cache
def ffmpeg_version() -> int:
    """Return the major version of this machine's ffmpeg."""
    done = subprocess.run(("ffmpeg", "-version"), capture_output=True, text=True, check=True, timeout=20)
    found = re.search(r"version \D*(\d+)", done.stdout)
    return int(found.group(1)) if found else 0


def _measured(stage: PublisherStage, case: PublisherCase) -> CasePlayed:
    publishers = stage.publishers
    sent = sent_frames((one.steps, one.sent()) for one in publishers)
    published = next(filter(None, (one.published() for one in publishers)), stage.begun)
    ends = [ended.at for one in publishers if (ended := one.end())]
    end = max(ends) if len(ends) == len(publishers) and ends else time.monotonic()
    received, joined = NOTHING, None
    for name, platform in stage.platforms.items():
        connections = [one for one in platform.reader.update() if (one.closed or end) >= stage.begun]
        if name == "alpha":
            received = receive(connections, sent, published, end)
            messages = [one for connection in connections[-1:] for one in connection.messages]
            expected = case.expectation(stage.server, ffmpeg_version())
            if expected.decode_messages is not None and messages:
                received = replace(received, decode_messages=decode_messages(messages))
        elif stage.joined is not None:
            late = [one for one in connections if one.opened >= stage.joined]
            joined = receive(late, sent, published, end)
    return CasePlayed(
        name=case.name,
        text=case.text,
        item=case.item,
        server=stage.server,
        expects=case.expectation(stage.server, ffmpeg_version()),
        first=received,
        joined=joined,
        back_at_ms=None if stage.back is None else 1000 * (stage.back - published),
        delays_s=_delays(stage),
        says="\n".join(stage.said),
        journal=tuple(stage.journal()),
        complaints=tuple(stage.complaints),
        cut_off=stage.cut_off,
        counts={**stage.counts, "load": os.getloadavg()[0]},
    )


def _delays(stage: PublisherStage) -> tuple[float, ...]:
    """Return the delay of each relay that `status` knew at the last look."""
    relays = stage.statuses[-1].get("relays", {}).values() if stage.statuses else ()
    return tuple(relay["delay"] for relay in relays if relay.get("delay") is not None)


def decode_messages(messages: Sequence[RtmpMessage]) -> tuple[str, ...]:
    """Return what ffmpeg complains about when it decodes what a platform received."""
    # In ms, as in the file: with the default, one tick a frame, two early frames get the same time.
    every_frame = ("-fps_mode", "passthrough", "-enc_time_base", "1/1000")
    quiet = ("nice", "-n", "19", "ffmpeg", "-nostdin", "-v", "error")
    command = (*quiet, "-i", "pipe:0", *every_frame, "-f", "null", "-")
    done = subprocess.run(
        command, input=file_of(messages), capture_output=True, check=False, timeout=DECODE_SECONDS
    )
    lines = done.stderr.decode(errors="replace").splitlines()
    return tuple(line for line in lines if not line.startswith(WRITER))
