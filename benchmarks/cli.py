"""How long each command takes to start, and the memory of every process of a broadcast."""

from collections.abc import Iterator

from benchmarks.bench import Bench
from benchmarks.container_parts import CLIP_SECONDS, costs, publishing
from benchmarks.page import command, table
from benchmarks.timed_commands import TimedCommand, timed
from tests.demo.install import PREFIX, PROGRAM, install
from tests.lab import units
from tests.lab.clip import encode_noise
from tests.lab.container import Container
from tests.lab.platform import PlatformServer

TIMES, QUICK_TIMES = 15, 2
BITRATE = 2_500_000
_SETTLED = 5.0

UNITS = {
    "ingest server": "restream-ingest.service",
    "agent": "restream-agent.service",
    "player": "live@main.service",
    "program": "fallback.service",
    "relay": "ffmpeg-relay@one.service",
}
READING = ("status", "status --json", "check", "diff", "render", "obs", "explain fallback.hold", "doctor",
           "log", "platform list")  # fmt: skip
"""Commands that change nothing, as they are typed."""

_TROUBLE = {"doctor": (0, 1), "status": (0, 1), "status --json": (0, 1)}
"""Exit statuses that say what is wrong with the machine, which here is a container."""


def measure(bench: Bench) -> dict[str, object]:
    """Measure every command's help, the commands that only read, and what runs while on air."""
    clip = bench.work / "clip.flv"
    encode_noise(clip, bitrate=BITRATE, seconds=CLIP_SECONDS)
    with Container() as container:
        platform = PlatformServer(container, "one", key="one-key", port=23000, records=False)
        platform.start()
        install(container, bench.servers[0], (platform,), bench.screen)
        (container.shared / clip.name).write_bytes(clip.read_bytes())
        with publishing(container, clip):
            container.wait_until(lambda: len(units.pids(container, UNITS["relay"])) == 2, 60, "the relay")
            found = _commands(container, bench)
            pids = {part: units.pids(container, unit) for part, unit in UNITS.items()}
            pids["agent"] = pids["agent"][:1]
            measured = costs(pids, _SETTLED)
    processes = {
        part: [{"name": each.name, **each.figures()} for each in parts] for part, parts in measured.items()
    }
    for part, figures in processes.items():
        bench.screen.line(f"{part}: {figures}", "dim")
    return {"server": bench.servers[0], "commands": found, "processes": processes}


def _commands(container: Container, bench: Bench) -> dict[str, object]:
    times = QUICK_TIMES if bench.quick else TIMES
    lines = ["--version", "--help", *(f"{name} --help" for name in _names(container)), *READING]
    asked = {"python -c pass": TimedCommand((f"{PREFIX}/bin/python", "-I", "-c", "pass"), times)}
    for line in lines:
        asked[line] = TimedCommand((PROGRAM, *line.split()), times, _TROUBLE.get(line, (0,)))
    # Once before, so that Python has compiled every module.
    timed(container, {line: TimedCommand(each.argv, 1, each.right) for line, each in asked.items()})
    found = {line: times.figures() for line, times in timed(container, asked).items()}
    for line, figures in found.items():
        bench.screen.line(f"{line}: {figures}", "dim")
    return dict(found)


def _names(container: Container) -> Iterator[str]:
    """Yield the names of the commands, as `--help` lists them."""
    listed = container.run((PROGRAM, "--help")).stdout
    for line in listed.partition("\nCommands:\n")[2].splitlines():
        if line.startswith("  ") and line[2] != " ":  # else the line before goes on
            yield line.split()[0]


def chapter(data: dict[str, object]) -> str:
    """Return the part of the page."""
    commands, processes = data["commands"], data["processes"]
    assert isinstance(commands, dict)
    assert isinstance(processes, dict)
    rows: list[tuple[object, ...]] = [
        (
            f"`{line}`",
            *(f"{each['wall_ms'][name]:.0f}" for name in ("median", "p95", "max")),
            f"{each['processor_ms']['median']:.0f}",
            f"{each['rss_mb']:.0f}",
        )
        for line, each in commands.items()
    ]
    parts: list[tuple[object, ...]] = [
        (f"{part}: {each['name']}", each["pss_mb"], each["rss_mb"], f"{each['core_percent']:.2f} %")
        for part, found in processes.items()
        for each in found
    ]
    return (
        "## Commands and processes\n\n"
        "From the start of a command to its end, in ms, on air with one platform.\n\n"
        f"{table(('command', 'median', 'p95', 'max', 'processor', 'MB resident'), rows)}\n"
        f"The processes of this broadcast of {BITRATE / 1e6:g} Mb/s on {data['server']}; proportional and "
        f"resident set size in MB.\n\n{table(('process', 'PSS', 'RSS', 'core'), parts)}\n{command('cli')}"
    )
