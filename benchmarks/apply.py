"""How long `check`, `render`, `diff` and `apply` take with many platforms, and what they ask of systemd."""

from dataclasses import dataclass

from benchmarks.bench import Bench
from benchmarks.page import command, table
from benchmarks.timed_commands import TimedCommand, timed
from tests.demo.install import DIFF_FOUND, ETC, PROGRAM, install
from tests.lab.container import Container
from tests.lab.crowd import Crowd

COUNTS = (1, 100, 1000)
TIMES, QUICK_TIMES = 5, 1
ON_AIR = 10
"""Platforms of the broadcast on which one is edited: 1,000 relays do not fit into 24 GiB."""

TOML = f"{ETC}/restream.toml"
_PORT, _OTHER_APPLICATION = 22000, "other"
_CALLS = "/run/bench-systemctl"
_BY_HAND = "\n[agent]\nwatch = false\n"
"""Otherwise the agent applies each edit by itself, before it is measured."""

_READING = ("show", "is-active", "is-enabled", "is-system-running", "list-units", "list-unit-files", "cat")
_WRAPPER = f'#!/bin/sh\necho "$*" >> {_CALLS}\nexec /usr/bin/systemctl "$@"\n'
"""Stands before systemctl in the search path, and costs a millisecond for each call."""


@dataclass(frozen=True)
class Calls:
    """Calls of systemctl: all, and those that change something, without `--`."""

    total: int
    changing: tuple[str, ...]


def measure(bench: Bench) -> dict[str, object]:
    """Measure off air with each number of platforms, then an edit on air."""
    server = bench.servers[0]
    with Container() as container:
        container.write("/usr/local/sbin/systemctl", _WRAPPER, mode=0o755)
        crowd = Crowd(container, ON_AIR, port=_PORT)
        crowd.start()
        install(container, server, (), bench.screen)
        head = container.read(TOML) + _BY_HAND
        found: dict[str, object] = {"server": server}
        for count in COUNTS:
            if count == COUNTS[0]:
                container.write(TOML, head)
                container.run((PROGRAM, "apply"), timeout=120)
            found[str(count)] = _measure_count(container, head, count, bench)
            bench.screen.line(f"{count} platforms: {found[str(count)]}", "dim")
        found["on_air"] = _edit_on_air(container, head, crowd)
        bench.screen.line(f"on air: {found['on_air']}", "dim")
    return found


def _measure_count(container: Container, head: str, count: int, bench: Bench) -> dict[str, object]:
    times = QUICK_TIMES if bench.quick else TIMES
    _write(container, head, count)
    found: dict[str, object] = {}
    calls: dict[str, Calls] = {}

    def note(name: str, right: tuple[int, ...] = (0,), times: int = 1, verb: str = "") -> None:
        container.run(("rm", "-f", _CALLS))
        argv = (PROGRAM, verb or name)
        found[name] = timed(container, {name: TimedCommand(argv, times, right)})[name].figures()
        calls[name] = _calls(container, times)

    note("check", times=times)
    note("render", times=times)
    note("diff", (DIFF_FOUND,), times=times)
    note("first apply", verb="apply")
    note("no-op apply", verb="apply", times=times)
    _write(container, head, count, edited=True)
    note("one-edit apply", verb="apply")
    found["systemctl"] = {
        name: {"calls": each.total, "changing": list(each.changing)} for name, each in calls.items()
    }
    return found


def _write(container: Container, head: str, count: int, *, edited: bool = False) -> None:
    """Write the TOML with so many platforms; the last one has another address in an `edited` one."""
    tables = []
    for number in range(count):
        application = _OTHER_APPLICATION if edited and number == count - 1 else "app"
        url = f"rtmp://127.0.0.1:{_PORT}/{application}"
        tables.append(f'\n[platforms.p{number:02}]\nurl = "{url}"\nkey = "p{number:02}-key"\n')
    container.write(TOML, head + "".join(tables), mode=0o600)


def _calls(container: Container, times: int) -> Calls:
    """Return the calls of one of `times` runs: each of them makes the same."""
    log = container.run(("cat", _CALLS), check=False).stdout.splitlines()
    words = [[word for word in line.split() if not word.startswith("-")] for line in log]
    changing = [" ".join(each) for each in words if each and each[0] not in _READING]
    return Calls(round(len(log) / times), tuple(line[:200] for line in changing))


def _edit_on_air(container: Container, head: str, crowd: Crowd) -> dict[str, object]:
    """Edit one platform of a broadcast; return what was restarted, and how long the apply took."""
    _write(container, head, ON_AIR)
    container.run((PROGRAM, "apply"), timeout=120)
    container.run((PROGRAM, "on-air"), timeout=60)
    relays = tuple(f"ffmpeg-relay@{name}.service" for name in crowd.names)
    container.wait_until(lambda: all(map(container.is_active, relays)), 60, "all relays")
    before = _runs(container)
    _write(container, head, ON_AIR, edited=True)
    container.run(("rm", "-f", _CALLS))
    took = timed(container, {"apply": TimedCommand((PROGRAM, "apply"))})["apply"]
    calls, after = _calls(container, 1), _runs(container)
    return {
        "platforms": ON_AIR,
        "wall_ms": round(took.wall[0], 1),
        "restarted": sorted(unit for unit, run in after.items() if before.get(unit, run) != run),
        "systemctl": {"calls": calls.total, "changing": list(calls.changing)},
    }


def _runs(container: Container) -> dict[str, str]:
    """Return the id of the run of each of our services that runs."""
    argv = ("/usr/bin/systemctl", "show", "--property", "Id,InvocationID", "--", "restream-*.service",
            "fallback*.service", "ffmpeg-relay@*.service")  # fmt: skip
    blocks = container.run(argv).stdout.strip().split("\n\n")
    tables = (dict(line.partition("=")[::2] for line in block.splitlines()) for block in blocks)
    return {each["Id"]: each["InvocationID"] for each in tables if each.get("InvocationID")}


_COMMANDS = ("check", "render", "diff", "first apply", "no-op apply", "one-edit apply")


def chapter(data: dict[str, object]) -> str:
    """Return the part of the page."""
    counts = [str(count) for count in COUNTS]
    rows: list[tuple[object, ...]] = []
    for name in _COMMANDS:
        row: list[object] = [name]
        for count in counts:
            one = data[count]
            assert isinstance(one, dict)
            calls = one["systemctl"][name]
            row += [f"{one[name]['wall_ms']['median'] / 1000:.2f} s", calls["calls"], len(calls["changing"])]
        rows.append(tuple(row))
    head = ["command"]
    for count in counts:
        head += [f"{count}", "systemctl", "changing"]
    on_air = data["on_air"]
    assert isinstance(on_air, dict)
    return (
        "## Apply\n\n"
        f"Wall time with 1, 100 and 1,000 platforms off air (medians; first and one-edit apply once), how "
        "often systemctl is called, and how many of these calls change something.\n\n"
        f"{table(tuple(head), rows)}\n"
        f"On air with {on_air['platforms']} platforms, an edit of one restarts "
        f"{', '.join(on_air['restarted'])} and takes {on_air['wall_ms'] / 1000:.2f} s.\n\n{command('apply')}"
    )
