"""A relay's ffmpeg does not grow during a long broadcast."""

import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from restream_agent.stream.flv import HEADER, Reader, encode
from tests.media.relay_argv import clip_argv, relay_argv

pytestmark = pytest.mark.media

HOUR = 3600  # seconds of stream: 170,000 packets of sound; remembering a packet would take 24 bytes
MARGIN_KIB = 512
CLIP = clip_argv("-b:a", "16k", rate=2, seconds=1)


def test_a_relay_does_not_grow_with_the_broadcast() -> None:
    """Its memory is measured after a quarter of an hour and after an hour, with the launcher's arguments."""
    ours, its = socket.socketpair()
    argv = relay_argv()
    copying = (*argv[: argv.index("-rtmp_app")], "-y", "-f", "flv", "/dev/null")
    with ours, subprocess.Popen(copying, stdin=its.fileno()) as ffmpeg:
        its.close()
        ours.sendall(HEADER)
        seconds = broadcast()
        before = after_another(seconds, HOUR // 4, ours, ffmpeg)
        after = after_another(seconds, HOUR - HOUR // 4, ours, ffmpeg)
        ours.shutdown(socket.SHUT_WR)
    assert ffmpeg.returncode == 0
    assert after < before + MARGIN_KIB


def after_another(
    seconds: Iterator[bytes], number: int, to: socket.socket, ffmpeg: subprocess.Popen[bytes]
) -> int:
    """Send `number` more seconds of stream; return ffmpeg's anonymous memory in KiB, without libraries."""
    for _ in range(number):
        to.sendall(next(seconds))
    memory = re.search(r"RssAnon:\s*(\d+) kB", Path(f"/proc/{ffmpeg.pid}/status").read_text())
    assert memory
    return int(memory[1])


def broadcast() -> Iterator[bytes]:
    """Yield the seconds of an encoded stream; the first has the sequence headers."""
    tags = Reader().feed(subprocess.run(CLIP, check=True, capture_output=True).stdout)
    media = [tag for tag in tags if tag.is_media]
    start = b"".join(encode(tag) for tag in tags if tag.is_sequence_header)
    for second in count():
        yield start + b"".join(encode(replace(tag, timestamp=tag.timestamp + 1000 * second)) for tag in media)
        start = b""
