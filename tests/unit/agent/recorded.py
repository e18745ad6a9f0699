"""What real servers have sent: hooks, lists of clients, stat pages."""

import json
from pathlib import Path
from typing import Any

_DIRECTORY = Path(__file__).parents[2] / "data" / "recorded"


def srs_hooks() -> list[dict[str, Any]]:
    """Return the hooks of SRS 6.0.157 in the order in which they came: path, headers, body."""
    return _lines("srs-6.0.157-hooks.jsonl")


def nginx_hooks() -> list[dict[str, Any]]:
    """Return the hooks of nginx-rtmp 1.2.2; `body` is the form as text."""
    return _lines("nginx-rtmp-1.2.2-hooks.jsonl")


def srs_answer(path: str) -> dict[str, Any]:
    """Return what SRS's API answered to GET `path` while two streams were published and one played."""
    text = (_DIRECTORY / "srs-6.0.157-api.txt").read_text()
    found: dict[str, Any] = json.loads(text.partition(f"== GET {path}\n")[2].partition("\n")[0])
    return found


def nginx_stat() -> str:
    """Return nginx-rtmp's stat page while live/main and other/main were published and one played."""
    return (_DIRECTORY / "nginx-rtmp-1.2.2-stat.xml").read_text()


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (_DIRECTORY / name).read_text().splitlines()]
