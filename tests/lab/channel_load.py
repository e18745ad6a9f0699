"""What many channels cost on one machine: processor and memory of each part, and what platforms notice.

Run as root, as `python -m tests.lab.channel_load [CHANNELS…]`. Each channel gets a stream of 3 Mb/s from an
ffmpeg that copies, and sends it to three platforms. Two channels have a tap before each of their platforms;
the platforms of the others are one nginx-rtmp.
"""

import json
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from restream_agent.systemd.unit_names import AGENT_UNIT
from tests.chaos.judge import Seen, see
from tests.demo.install import ETC, INGEST_KEY, PROGRAM, install
from tests.demo.screen import Screen
from tests.lab import units
from tests.lab.clip import encode_noise
from tests.lab.container import SHARED, Container, end_group
from tests.lab.crowd import Crowd
from tests.lab.deadline import LabError
from tests.lab.platform import PlatformServer

RELAYS = 3
SECONDS = 20.0
TOML = f"{ETC}/restream.toml"
_TICKS = 100  # of /proc/PID/stat in a second


@dataclass(frozen=True)
class Part:
    """A part of the product: its processes, their processor time as a part of one core, their PSS in MB."""

    processes: int
    core: float
    pss_mb: float


@dataclass(frozen=True)
class ChannelLoad:
    """The figures of one run. `seen` is what each tapped platform noticed, `skipped` counts lost pictures."""

    channels: int
    parts: dict[str, Part]
    seen: tuple[Seen, ...]
    skipped: int

    def lines(self) -> list[str]:
        """Return a table."""
        gap = max((seen.gap_ms for seen in self.seen), default=0.0)
        lost = sum(seen.connections_lost for seen in self.seen)
        rows = [
            f"{self.channels} channels: longest gap {gap:.0f} ms, {lost} connections lost, {self.skipped} "
            "pictures skipped"
        ]
        for name, part in self.parts.items():
            each = f"{part.core / part.processes:7.2%} of a core, {part.pss_mb / part.processes:5.1f} MB"
            rows.append(
                f"  {name:10}{part.processes:4} x {each}, together {part.core:6.1%}, {part.pss_mb:6.0f} MB"
            )
        return rows


def name_of(number: int) -> str:
    """Return a channel's name."""
    return "main" if number == 0 else f"c{number:02}"


def units_of(channels: int) -> dict[str, list[str]]:
    """Return the units of each part."""
    others = [name_of(number) for number in range(1, channels)]
    relays = [f"ffmpeg-relay@{relay}.service" for relay in _relays("")]
    relays += [f"ffmpeg-relay@{name}.{relay}.service" for name in others for relay in _relays(name)]
    return {
        "ingest": ["restream-ingest.service"],
        "agent": ["restream-agent.service"],
        "live@": [f"live@{name_of(number)}.service" for number in range(channels)],
        "program": ["fallback.service", *(f"fallback@{name}.service" for name in others)],
        "relay": relays,
    }


def _relays(channel: str) -> tuple[str, ...]:
    return tuple(f"{channel}p{number}" for number in range(RELAYS))


def measure(channels: int, server: str = "nginx-rtmp") -> ChannelLoad:
    """Install, put all channels on air, and measure for SECONDS."""
    with Container() as container, ExitStack() as stack:
        crowd = Crowd(container, 0, port=22000)
        crowd.start()
        tapped = _tapped(container, channels)
        install(container, server, (), Screen())
        container.write(TOML, container.read(TOML) + _tables(container, channels, tapped))
        container.run((PROGRAM, "apply"), timeout=300)
        # A minute of 3 Mb/s, which publishers copy.
        clip = container.shared / "clip.flv"
        encode_noise(clip, bitrate=3_000_000, seconds=60)
        for number in range(channels):
            process = container.popen(_publish(name_of(number), f"{SHARED}/{clip.name}"))
            stack.callback(end_group, process)
        wanted = {unit for part in units_of(channels).values() for unit in part}
        container.wait_until(lambda: all(units.pids(container, unit) for unit in wanted), 120, "all units")
        _settle(container, wanted)
        return _measure(container, channels, tapped)


def _settle(container: Container, wanted: set[str]) -> None:
    """Wait until no process has come or gone for SECONDS / 2."""
    before = {unit: _pids(container, unit) for unit in wanted}
    for _ in range(20):
        time.sleep(SECONDS / 2)
        now = {unit: _pids(container, unit) for unit in wanted}
        changed = sorted(unit for unit in wanted if now[unit] != before[unit])
        if not changed:
            return
        before = now
    raise LabError(f"processes come and go all the time: {', '.join(changed)}")


def _pids(container: Container, unit: str) -> list[int]:
    """Return the processes of a unit, of the agent its own alone: it has systemctl do things all the time."""
    found = units.pids(container, unit)
    return found[:1] if unit == AGENT_UNIT else found


def _measure(container: Container, channels: int, tapped: dict[str, PlatformServer]) -> ChannelLoad:
    pids = {
        part: [pid for unit in names for pid in _pids(container, unit)]
        for part, names in units_of(channels).items()
    }
    skipped = _skipped(container)
    began = time.monotonic()
    before = {part: sum(map(_ticks, each)) for part, each in pids.items()}
    time.sleep(SECONDS)
    took = time.monotonic() - began
    parts = {}
    for part, each in pids.items():
        costs = [cost for cost in map(units.cost, each) if cost is not None]
        core = (sum(map(_ticks, each)) - before[part]) / _TICKS / took
        pss = sum(cost.pss or cost.rss for cost in costs) / 1024
        parts[part] = Part(len(units_of(channels)[part]), core, pss)
    end = time.monotonic()
    seen = tuple(see(platform.reader.update(), began, end) for platform in tapped.values())
    return ChannelLoad(channels, parts, seen, _skipped(container) - skipped)


def _skipped(container: Container) -> int:
    """Return how many pictures the program has left out so far, as a relay was too slow for them."""
    status = json.loads(container.run((PROGRAM, "status", "--json")).stdout)
    reports = [status, *status.get("channels", {}).values()]
    return sum(relay["skipped"] or 0 for report in reports for relay in report["relays"].values())


def _ticks(pid: int) -> int:
    """Return the processor time of a process and of its children that have ended, proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15]))


def _tapped(container: Container, channels: int) -> dict[str, PlatformServer]:
    """Start the platforms of the first and of the last channel."""
    names = {name_of(0): "", name_of(channels - 1): "" if channels == 1 else name_of(channels - 1)}
    relays = [relay for prefix in names.values() for relay in _relays(prefix)]
    platforms = {
        relay: PlatformServer(container, relay, key=f"{relay}-key", port=23000 + 10 * number, records=False)
        for number, relay in enumerate(relays)
    }
    for platform in platforms.values():
        platform.start()
    return platforms


def _tables(container: Container, channels: int, tapped: dict[str, PlatformServer]) -> str:
    text = ""
    for number in range(channels):
        name = name_of(number)
        prefix = "" if number == 0 else f"channels.{name}."
        if number:
            text += f'\n[channels.{name}]\nkey = {{ credential = "ingest" }}\n'
        for relay in _relays("" if number == 0 else name):
            url = tapped[relay].url if relay in tapped else "rtmp://127.0.0.1:22000/app"
            key = tapped[relay].key if relay in tapped else f"{relay}-key"
            container.write(f"{ETC}/credentials/{relay}", f"{key}\n", mode=0o600)
            text += f'\n[{prefix}platforms.{relay}]\nurl = "{url}"\nkey = {{ credential = "{relay}" }}\n'
    return text


def _publish(channel: str, clip: str) -> tuple[str, ...]:
    url = f"rtmp://127.0.0.1:1935/live/{channel}?key={INGEST_KEY}"
    source = ("-re", "-stream_loop", "-1", "-i", clip)
    return ("nice", "-n", "-10", "ffmpeg", "-v", "error", *source, "-c", "copy", "-f", "flv", url)


def main(arguments: Sequence[str]) -> None:
    """Measure each number of channels, 1, 5 and 20 if none is given."""
    for channels in map(int, arguments or ("1", "5", "20")):
        print("\n".join(measure(channels).lines()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
