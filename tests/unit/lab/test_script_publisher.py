"""The scripted publisher's notes, with a connection that takes its time."""

import json
import time
from pathlib import Path

import pytest

from tests.lab import script, script_publisher
from tests.lab.script import Manners


class SlowLeaver:
    """A connection whose server knows that the publisher leaves before `leave` returns: a busy machine."""

    left = 0.0

    def __init__(self, manners: Manners) -> None:
        pass

    def publish(self) -> None:
        pass

    def leave(self) -> None:
        SlowLeaver.left = time.monotonic()
        time.sleep(0.01)


def test_the_end_is_before_the_server_knows_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a platform gets from then on is the end's doing, and no fault of the broadcast."""
    monkeypatch.setattr(script_publisher, "PublisherConnection", SlowLeaver)
    (tmp_path / "script").write_bytes(script.written(Manners(), []))
    script_publisher.main(tmp_path / "script", tmp_path)
    events = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert [event["what"] for event in events] == ["connected", "published", "done"]
    assert events[-1]["at"] <= SlowLeaver.left
