"""How fast the agent answers hooks, idle and beside 200 hooks a second, and what it costs off air."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from benchmarks.bench import Bench
from benchmarks.container_parts import PROJECT, costs
from benchmarks.page import command, table
from benchmarks.summary import percentile, summary
from tests.demo.install import ETC, INGEST_KEY, PROGRAM, install
from tests.lab import units
from tests.lab.container import ENVIRONMENT, Container
from tests.lab.deadline import LabError, wait_until

NOISE = 200
"""Hooks in a second."""

NOTICES, PUBLISHES, IDLE_SECONDS = 200, 60, 60.0
QUICK_NOTICES, QUICK_PUBLISHES, QUICK_IDLE_SECONDS = 60, 5, 10.0
AGENT_UNIT = "restream-agent.service"
_HOLD_SECONDS = 3600
_SETTLED = 5.0
_MINUTES = 300.0


def measure(bench: Bench) -> dict[str, object]:
    """Measure off air, then with the fallback on air, on the first ingest server."""
    server = bench.servers[0]
    with Container() as container:
        install(container, server, (), bench.screen, hold=_HOLD_SECONDS)
        client = HookClient(container)
        idle = _idle(container, bench)
        found: dict[str, object] = {"server": server, "noise_per_second": NOISE, "agent_idle": idle}
        notices = QUICK_NOTICES if bench.quick else NOTICES
        publishes = QUICK_PUBLISHES if bench.quick else PUBLISHES
        found["idle"] = _figures(client.measure("notices", notices))
        with client.noise():
            found["noise"] = _figures(client.measure("notices", notices))
        container.run((PROGRAM, "on-air"), timeout=60)
        wait_until(lambda: container.is_active("fallback.service"), 30, "the fallback to play")
        found["fallback_to_stop"] = _figures(client.measure("publishes", publishes))
        with client.noise():
            found["fallback_to_stop_noise"] = _figures(client.measure("publishes", publishes))
        [agent] = costs({"agent": units.pids(container, AGENT_UNIT)[:1]}, _SETTLED)["agent"]
        found["agent_after"] = agent.figures()
    for name, value in found.items():
        bench.screen.line(f"{name}: {value}", "dim")
    return found


class HookClient:
    """Sends hooks from a process of its own in the container's network."""

    def __init__(self, container: Container) -> None:
        self._enter = ("nsenter", "--target", str(container.leader), "--net", sys.executable, "-m")
        token = container.read(f"{ETC}/hook-token").strip()
        self._secrets = f"{token} {INGEST_KEY}\n"

    def measure(self, what: str, count: int) -> list[float]:
        """Return the times of `count` answers, in ms; LabError if one was refused."""
        done = subprocess.run(
            self._argv(what, count), cwd=PROJECT, env=ENVIRONMENT, input=self._secrets, text=True,
            capture_output=True, check=False, timeout=_MINUTES,
        )  # fmt: skip
        if done.returncode:
            raise LabError(f"{what}: {done.stderr}")
        taken: list[float] = json.loads(done.stdout)
        return taken

    @contextmanager
    def noise(self) -> Iterator[None]:
        """Send NOISE hooks a second meanwhile."""
        process = subprocess.Popen(
            self._argv("noise", NOISE), cwd=PROJECT, env=ENVIRONMENT, stdin=subprocess.PIPE, text=True
        )
        assert process.stdin
        process.stdin.write(self._secrets)
        process.stdin.close()
        try:
            yield
            if process.poll() is not None:
                raise LabError("the noise has ended before what was measured")
        finally:
            process.kill()
            process.wait()

    def _argv(self, what: str, number: int) -> Sequence[str]:
        return (*self._enter, "benchmarks.hook_client", what, str(number))


def _idle(container: Container, bench: Bench) -> dict[str, float]:
    """Measure the agent off air; the systemctls that it has started and that have ended count."""
    costs({}, _SETTLED)
    pid = units.pids(container, AGENT_UNIT)[:1]
    [agent] = costs({"agent": pid}, QUICK_IDLE_SECONDS if bench.quick else IDLE_SECONDS)["agent"]
    return agent.figures()


def _figures(taken: Sequence[float]) -> dict[str, float | int | None]:
    return {**summary(taken), "p99": round(percentile(taken, 99), 1)}


_ROWS = {
    "idle": "a hook that changes nothing, idle",
    "noise": "the same, with the noise",
    "fallback_to_stop": "a publish, with the fallback to stop",
    "fallback_to_stop_noise": "the same, with the noise",
}


def chapter(data: dict[str, object]) -> str:
    """Return the part of the page."""
    rows: list[tuple[object, ...]] = []
    for name, words in _ROWS.items():
        found = data[name]
        assert isinstance(found, dict)
        rows.append((words, *(found[each] for each in ("count", "median", "p95", "p99", "max"))))
    idle, after = data["agent_idle"], data["agent_after"]
    assert isinstance(idle, dict)
    assert isinstance(after, dict)
    return (
        "## Hooks\n\n"
        f"Answers of the agent to the hooks of {data['server']}, in ms. The answer to a publish comes once "
        "the player of the stream is there. The noise is "
        f"{data['noise_per_second']} hooks a second: ends of unknown publishers, wrong keys, "
        "wrong tokens.\n\n"
        f"{table(('hook', 'hooks', 'median', 'p95', 'p99', 'max'), rows)}\n"
        f"The agent off air takes {idle['core_percent']:.2f} % of a core, its systemctls included, and has "
        f"{idle['rss_mb']:.0f} MB resident; after all these hooks it has {after['rss_mb']:.0f} MB.\n\n"
        f"{command('hooks')}"
    )
