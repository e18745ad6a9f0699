"""What a relay costs: 1, 10 and 50 copy relays of 6 Mb/s, with their share of the program."""

import shutil
import statistics
import sys
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.container_parts import CLIP_SECONDS, costs, in_network, publishing
from benchmarks.page import command, table
from tests.demo.install import ETC, PROGRAM, install
from tests.lab import units
from tests.lab.clip import encode_noise
from tests.lab.container import Container
from tests.lab.platform import is_listening

COUNTS = (1, 10, 50)
BITRATE = 6_000_000
SECONDS, QUICK_SECONDS = 20.0, 4.0
CHUNK_SIZES = {"nginx-rtmp": 4096, "SRS": 60_000}
"""How large a platform lets the pieces of a message be: each piece costs a relay two system calls."""

_PORT = 22000
_PROGRAM_UNIT, _LIVE_UNIT, _AGENT_UNIT = "fallback.service", "live@main.service", "restream-agent.service"
_PREPARE_UNIT = "restream-fallback-prepare.service"


def measure(bench: Bench) -> dict[str, object]:
    """Measure each number of relays with each kind of platform; in a quick run with the first kind alone."""
    clip = bench.work / "clip6.flv"
    encode_noise(clip, bitrate=BITRATE, seconds=CLIP_SECONDS)
    kinds = dict(list(CHUNK_SIZES.items())[:1]) if bench.quick else CHUNK_SIZES
    with Container() as container:
        shutil.copy(clip, container.shared)
        install(container, bench.servers[0], (), bench.screen)
        found = {kind: _measure_kind(container, size, clip, bench) for kind, size in kinds.items()}
    return {"bitrate": BITRATE, "server": bench.servers[0], "chunk_sizes": kinds, "platforms": found}


def _measure_kind(
    container: Container, chunk_size: int, clip: Path, bench: Bench
) -> dict[str, dict[str, object]]:
    head = container.read(f"{ETC}/restream.toml").partition("\n[platforms.")[0]
    port = _PORT + chunk_size % 1000  # a platform that has just been killed may still hold its port
    sink = (sys.executable, "-m", "benchmarks.relay_sink", str(port), str(chunk_size))
    found = {}
    with in_network(container, sink):
        container.wait_until(lambda: is_listening(container, port), 10, "the platform to listen")
        for count in COUNTS:
            container.write(f"{ETC}/restream.toml", head + _tables(count, port))
            container.run((PROGRAM, "apply"), timeout=300)
            with publishing(container, clip):
                found[str(count)] = _measure_count(container, count, bench)
            container.run((PROGRAM, "off-air"), timeout=120)
            bench.screen.line(f"{count} relays, pieces of {chunk_size} bytes: {found[str(count)]}", "dim")
    return found


def _measure_count(container: Container, count: int, bench: Bench) -> dict[str, object]:
    relays = [f"ffmpeg-relay@p{number}.service" for number in range(count)]
    # Two processes each: ffmpeg, and the one beside it that reads its log.
    container.wait_until(
        lambda: all(len(units.pids(container, unit)) == 2 for unit in relays), 180, "all relays to run"
    )
    seconds = QUICK_SECONDS if bench.quick else SECONDS
    # The fallback is made to match the publisher, once: that takes a whole core.
    container.wait_until(lambda: not units.pids(container, _PREPARE_UNIT), 180, "the fallback to be made")
    costs({}, seconds)  # what starting them took is over
    parts = {unit: units.pids(container, unit) for unit in (*relays, _PROGRAM_UNIT, _LIVE_UNIT)}
    parts[_AGENT_UNIT] = units.pids(container, _AGENT_UNIT)[:1]
    measured = costs(parts, seconds)
    each = [measured[unit] for unit in relays]
    core = statistics.mean(sum(process.core for process in unit) for unit in each)
    pss = statistics.mean(sum(process.pss_mb for process in unit) for unit in each)
    [program] = measured[_PROGRAM_UNIT]
    return {
        "relay": {"core_percent": round(core * 100, 3), "pss_mb": round(pss, 1)},
        "ffmpeg_pss_mb": round(statistics.mean(unit[0].pss_mb for unit in each), 1),
        "program": program.figures(),
        "player": measured[_LIVE_UNIT][0].figures(),
        "agent": measured[_AGENT_UNIT][0].figures(),
        "with_share": {
            "core_percent": round((core + program.core / count) * 100, 3),
            "pss_mb": round(pss + program.pss_mb / count, 1),
        },
    }


def _tables(count: int, port: int) -> str:
    url = f"rtmp://127.0.0.1:{port}/app"
    return "".join(
        f'\n[platforms.p{number}]\nurl = "{url}"\nkey = "key-of-p{number}"\n' for number in range(count)
    )


def chapter(data: dict[str, object]) -> str:
    """Return the part of the page."""
    platforms, sizes = data["platforms"], data["chunk_sizes"]
    assert isinstance(platforms, dict)
    assert isinstance(sizes, dict)
    rows: list[tuple[object, ...]] = []
    for kind, found in platforms.items():
        for count, one in found.items():
            share, relay = one["with_share"], one["relay"]
            rows.append(
                (
                    f"{count}, pieces of {sizes[kind]} bytes ({kind})",
                    f"{relay['core_percent']:.2f} %", f"{relay['pss_mb']:.1f} MB",
                    f"{one['program']['core_percent']:.2f} %", f"{one['program']['pss_mb']:.1f} MB",
                    f"{share['core_percent']:.2f} %", f"{share['pss_mb']:.1f} MB",
                )
            )  # fmt: skip
    head = ("relays", "relay", "PSS", "program", "PSS", "relay with its share", "PSS")
    return (
        "## Cost of a relay\n\n"
        f"Copy relays of {BITRATE / 1e6:g} Mb/s on {data['server']}, each with the process beside it; means, "
        "in per cent of one core and proportional set size. The platform (`benchmarks/relay_sink.py`) throws "
        "away what it is sent; how small the pieces of a message have to be is the platform's choice.\n\n"
        f"{table(head, rows)}\n{command('relays')}"
    )
