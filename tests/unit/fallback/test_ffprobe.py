"""How a file's streams are read: what ffprobe is asked, and how long it may take."""

import json
from pathlib import Path

from restream_agent.base.process import Finished
from restream_agent.fallback import ffprobe
from restream_agent.fallback.conversion import STALL

PICTURE = {
    "streams": [{"index": 0, "codec_type": "video", "codec_name": "png", "width": 64, "height": 36}],
    "format": {},
}


def test_a_file_may_take_as_long_as_a_conversion_may_be_silent(tmp_path: Path) -> None:
    """Both run at the lowest priority, which a busy machine leaves little time."""
    file = tmp_path / "slate.png"
    file.write_bytes(b"a picture")
    given = []

    def runner(argv: tuple[str, ...], *, timeout: float) -> Finished:
        given.append(timeout)
        return Finished(argv, 0, json.dumps(PICTURE), "")

    ffprobe.inspect(file, runner=runner)
    assert given == [STALL]
