"""The ingest servers that the tests play with: nginx-rtmp from Debian, and SRS where its binary is."""

import os
import shutil
from pathlib import Path

import pytest

from tests.lab.skips import NO_SRS

SRS = Path(os.environ.get("SRS") or shutil.which("srs") or "/usr/local/srs/objs/srs")
SERVERS = (
    "nginx-rtmp",
    pytest.param("srs", marks=pytest.mark.skipif(not SRS.exists(), reason=NO_SRS)),
)
"""Parameters of a fixture or test that runs on every ingest server."""
