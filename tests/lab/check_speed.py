"""How long people wait: for `--help`, for a Tab, and for `check` of an ordinary file and of 1,000 platforms.

Run as `python -m tests.lab.check_speed [TIMES]`. 120 ms, 150 ms, 250 ms and 1.5 s are allowed (issue 13).
Each file is checked below a --root with every key in its place. The start of Python alone comes first, to
compare machines. The time of the processor is nearly the same on a machine that is busy with other things.
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from restream_agent.base import paths

_TOP = 'version = 1\n[ingest]\nkey = { credential = "ingest" }\n'
_PLATFORM = '[platforms.{name}]\nurl = "rtmps://{name}.example.org:443/app"\nkey = {key}\n'
_PROJECT = Path(__file__).resolve().parents[2]
_START = "from restream_agent.cli.main import main; main(prog_name='restream-agent')"
_PROGRAM = (sys.executable, "-c", _START)


def toml(platforms: int, *, is_clear: bool = False) -> str:
    """Return a TOML with many platforms, each with a key in the clear, which is warned of, if `is_clear`."""
    blocks = []
    for name in (f"p{number}" for number in range(platforms)):
        key = f'"key-of-{name}-0123"' if is_clear else f'{{ credential = "{name}" }}'
        blocks.append(_PLATFORM.format(name=name, key=key))
    return _TOP + "".join(blocks)


def make_root(root: Path, text: str, platforms: int) -> None:
    """Make a root with a TOML and its keys."""
    directory = root / paths.CREDENTIALS.lstrip("/")
    directory.mkdir(parents=True)
    for name in ("ingest", *(f"p{number}" for number in range(platforms))):
        (directory / name).write_text(f"key-of-{name}-0123456789\n")
    (root / paths.CONFIG.lstrip("/")).write_text(text)


def measured(argv: tuple[str, ...], times: int) -> list[tuple[float, float]]:
    """Return (ms, ms of the processor) of each run; once before, so that Python has compiled every module."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPATH"] = str(_PROJECT)
    took = []
    for _ in range(times + 1):
        begun, used = time.monotonic(), _processor()
        subprocess.run(argv, check=True, capture_output=True, env=environment)
        took.append(((time.monotonic() - begun) * 1000, (_processor() - used) * 1000))
    return took[1:]


def completing(*words: str) -> tuple[str, ...]:
    """Return the call with which bash asks for what fits the last word."""
    line = f"COMP_WORDS=restream-agent {' '.join(words)}"
    return ("env", "_RESTREAM_AGENT_COMPLETE=bash_complete", line, f"COMP_CWORD={len(words)}", *_PROGRAM)


def _processor() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Print a line for each case."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    _show("python -c pass", measured((sys.executable, "-c", "pass"), times))
    _show("--help", measured((*_PROGRAM, "--help"), times))
    _show("a Tab behind `explain fallback.`", measured(completing("explain", "fallback."), times))
    for title, platforms, is_clear in (
        ("two platforms", 2, False),
        ("1,000 platforms", 1000, False),
        ("1,000 platforms, each with a warning", 1000, True),
    ):
        with tempfile.TemporaryDirectory() as name:
            make_root(Path(name), toml(platforms, is_clear=is_clear), platforms)
            if platforms == 2:
                tab = completing("platform", "enable", "--root", name, "p")
                _show("a Tab behind `platform enable p`", measured(tab, times))
            argv = (sys.executable, "-m", "restream_agent", "check", "--root", name)
            _show(f"check of {title}", measured(argv, times))


def _show(title: str, took: list[tuple[float, float]]) -> None:
    ms, processor = map(sorted, zip(*took, strict=True))
    words = f"median {statistics.median(ms):5.0f} ms, best {ms[0]:5.0f}, worst {ms[-1]:5.0f}"
    print(
        f"{title:45} {words}; processor: median {statistics.median(processor):5.0f}, best {processor[0]:5.0f}"
    )


if __name__ == "__main__":
    main()
