"""Watching the relays of a real broadcast: figures, a frozen ffmpeg, a refusing platform, Prometheus."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from restream_agent.agent.renewal import SETTLED
from restream_agent.wire.attempts import AttemptStatus
from tests.demo.install import ETC, PREFIX, PUBLISH_URL
from tests.lab.obs import Encoder, Obs
from tests.system.installation import Installation

# One server is enough: watching relays does not depend on it.
pytestmark = [
    pytest.mark.system,
    pytest.mark.media,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

DASHBOARD = Path(__file__).resolve().parents[2] / "examples" / "grafana" / "restream-agent.json"
PROMETHEUS = Path(__file__).resolve().parents[2] / "examples" / "prometheus.yml"
API = "http://127.0.0.1:9090/api/v1/query"
LIGHT = Encoder(width=640, height=360, bitrate=800_000)


@pytest.fixture(scope="module")
def broadcast(installation: Installation) -> Iterator[Installation]:
    """Publish to alpha and beta for as long as the tests of this file run."""
    obs = Obs(installation.container, PUBLISH_URL, LIGHT).start()
    wait_state(installation, "alpha", "delivering")
    wait_state(installation, "beta", "delivering")
    yield installation
    obs.kill()


def relay(installation: Installation, name: str) -> dict[str, Any]:
    """Return a relay's entry in `status --json`."""
    found: dict[str, Any] = json.loads(installation.product("status", "--json"))["relays"][name]
    return found


def wait_state(installation: Installation, name: str, state: str, *, timeout: float = 30) -> None:
    installation.container.wait_until(
        lambda: relay(installation, name)["state"] == state,
        timeout,
        f"{name} to be {state}: {relay(installation, name)}",
    )


def connections(installation: Installation, name: str) -> int:
    """Return how many connections a platform has had."""
    installation.platforms[name].reader.update()
    return len(installation.platforms[name].reader.published())


def test_status_has_every_relays_figures(broadcast: Installation) -> None:
    """Bitrate, pictures, speed and delay are those of what was delivered, not of what was sent."""
    for name in ("alpha", "beta"):
        broadcast.container.wait_until(lambda name=name: has_figures(broadcast, name), 10, "the figures")  # type: ignore[misc]
    alpha = relay(broadcast, "alpha")
    assert alpha["bitrate"] > 100_000
    assert alpha["delivered"] > 0


def test_a_restarted_agent_sees_everything_again(broadcast: Installation) -> None:
    """It learns the source and each relay's state and rates without help from the other processes."""
    before = broadcast.runs()
    broadcast.container.run(("systemctl", "kill", "-s", "KILL", "restream-agent.service"))
    for name in ("alpha", "beta"):
        broadcast.container.wait_until(lambda name=name: has_figures(broadcast, name), 10, "the figures")  # type: ignore[misc]
    after = broadcast.runs()
    assert {unit for unit in before if before[unit] != after.get(unit)} == {"restream-agent.service"}


def test_the_lip_sync_of_each_relay_is_known_whoever_was_killed(broadcast: Installation) -> None:
    """Program and agent begin anew; the relays run on, and their marks are compared again."""
    for killed in ((), ("fallback.service", "restream-agent.service")):
        for unit in killed:
            broadcast.container.run(("systemctl", "kill", "-s", "KILL", unit))
        for name in ("alpha", "beta"):
            broadcast.container.wait_until(lambda name=name: is_in_step(broadcast, name), 30, "the offset")  # type: ignore[misc]
    log = broadcast.words("ffmpeg-relay@alpha")
    assert not [line for line in log if ".000000" in line or ".500000" in line]


DEAD_SESSION = 61  # seconds for which IVS and Kick refuse after a reset
BACK_WITHIN = 15


def test_a_relay_is_back_soon_after_a_platform_that_kept_a_dead_session(broadcast: Installation) -> None:
    """The platform ends the connection, refuses each attempt for a minute, and then accepts."""
    beta = broadcast.platforms["beta"]
    beta.behave("refuse")
    ended, count = time.monotonic(), connections(broadcast, "beta")
    broadcast.container.wait_until(
        lambda: time.monotonic() - ended > DEAD_SESSION, DEAD_SESSION + 5, "the platform to free"
    )
    beta.behave("pass")
    broadcast.container.wait_until(
        lambda: connections(broadcast, "beta") > count, BACK_WITHIN, "the relay to be back"
    )
    wait_state(broadcast, "beta", "delivering")


AGE_CLOCK = """
import struct
layout, days = struct.Struct("<8sqqqq"), 24.2 * 86_400
path = "/run/restream-program/clock"
magic, epoch, *last = layout.unpack(open(path, "rb").read())
later = [stamp + int(days * 1000) for stamp in last]
open(path, "r+b").write(layout.pack(magic, epoch - int(days * 10**9), *later))
"""


def test_old_connections_are_renewed_one_at_a_time(broadcast: Installation) -> None:
    """The broadcast is made 24.2 days older: each relay is restarted once, and not both within a minute."""
    before = {name: connections(broadcast, name) for name in ("alpha", "beta")}
    broadcast.container.run(("systemctl", "kill", "-s", "STOP", "fallback.service"))
    broadcast.container.run((f"{PREFIX}/bin/python3", "-c", AGE_CLOCK))
    broadcast.container.run(("systemctl", "kill", "-s", "KILL", "fallback.service"))
    renewed = dict[str, float]()

    def are_renewed() -> bool:
        for name, count in before.items():
            if connections(broadcast, name) > count:
                renewed.setdefault(name, time.monotonic())
        return len(renewed) == len(before)

    broadcast.container.wait_until(are_renewed, 120, "both relays to be renewed")
    first, second = sorted(renewed.values())
    assert second - first > SETTLED / 2
    for name, count in before.items():
        wait_state(broadcast, name, "delivering")
        assert relay(broadcast, name)["age"] < SETTLED * 3
        assert connections(broadcast, name) == count + 1
    log = "\n".join(broadcast.words("restream-agent", lines=200))
    for name in before:
        assert f"{name} will be connected anew" in log
        assert (
            f"systemctl restart ffmpeg-relay@{name}.service: the timestamps of its connection end in" in log
        )


def is_in_step(installation: Installation, name: str) -> bool:
    """Whether a relay's offset is known; it must then be small."""
    done = installation.container.run(("curl", "-s", "http://127.0.0.1:8085/api/status"), check=False).stdout
    offset = json.loads(done)["relays"][name]["av_offset"] if done else None
    assert offset is None or abs(offset) < 0.06
    return offset is not None


def has_figures(installation: Installation, name: str) -> bool:
    done = installation.container.run(("curl", "-s", "http://127.0.0.1:8085/api/status"), check=False).stdout
    if not done:
        return False
    found = json.loads(done)
    row = found["relays"][name]
    known = (row["bitrate"], row["frame_rate"], row["speed"], row["delay"])
    return found["state"] == "live" and row["state"] == "delivering" and None not in known


def test_a_frozen_relay_is_started_anew_and_no_other_is_touched(broadcast: Installation) -> None:
    """After `relay.stall` its platform gets a new connection; the other platform keeps its connection."""
    alpha, beta = connections(broadcast, "alpha"), connections(broadcast, "beta")
    broadcast.container.run(("systemctl", "kill", "-s", "STOP", "ffmpeg-relay@beta.service"))
    wait_state(broadcast, "beta", "stalled")
    wait_state(broadcast, "beta", "delivering", timeout=60)
    assert connections(broadcast, "beta") == beta + 1
    assert connections(broadcast, "alpha") == alpha
    assert any("has delivered nothing for too long" in line for line in broadcast.words("restream-agent"))


def test_a_platform_that_refuses_is_tried_ever_more_slowly_and_said_to_refuse(
    broadcast: Installation,
) -> None:
    """`systemctl status` has the number of attempts; with the right key the relay starts at once."""
    key = f"{ETC}/credentials/beta"
    broadcast.container.write(key, "wrong\n", mode=0o600)
    broadcast.product("apply")
    wait_state(broadcast, "beta", "refusing", timeout=60)
    broadcast.container.wait_until(
        lambda: "failures in a row" in broadcast.show("ffmpeg-relay@beta.service", "StatusText"),
        10,
        "the unit to say so",
    )
    pauses = [float(word) for word in pauses_of(broadcast, "relay-beta")]
    assert len(pauses) >= 3
    # Each pause doubles and is spread by half: the third is always longer than the first.
    assert pauses[2] > pauses[0]
    wait_state(broadcast, "alpha", "delivering")
    broadcast.container.write(key, "beta-key\n", mode=0o600)
    broadcast.product("apply")
    wait_state(broadcast, "beta", "delivering")
    assert relay(broadcast, "beta")["failures"] == 0


def test_an_ffmpeg_that_ends_as_if_it_was_stopped_has_failed(broadcast: Installation) -> None:
    """ffmpeg 7 exits with 255 for a refused key; a stop by hand is recognized otherwise."""
    override = "/run/systemd/system/ffmpeg-relay@beta.service.d/20-test.conf"
    attempt = f"{PREFIX}/bin/python3 -I -m restream_agent.launchers.relay_attempt /bin/sh -c 'exit 255'"
    broadcast.container.write(override, f"[Service]\nExecStart=\nExecStart={attempt}\n")
    restart = ("systemctl", "restart", "ffmpeg-relay@beta.service")
    try:
        broadcast.container.run(("systemctl", "daemon-reload"))
        broadcast.container.run(restart)
        wait_state(broadcast, "beta", "refusing", timeout=60)
        # In its pause, not in the second before it, in which systemd runs nothing at a restart.
        broadcast.container.wait_until(
            lambda: broadcast.show("ffmpeg-relay@beta.service", "SubState") == "start", 30, "its pause"
        )
    finally:
        broadcast.container.run(("rm", override))
        broadcast.container.run(("systemctl", "daemon-reload"))
        broadcast.container.run(restart)
    assert broadcast.show("ffmpeg-relay@beta.service", "StatusText") == AttemptStatus(0).to_status()
    wait_state(broadcast, "beta", "delivering")


def pauses_of(installation: Installation, identifier: str) -> list[str]:
    """Return the pauses in seconds that a relay logged since its last start by hand."""
    argv = ("journalctl", "--no-pager", "-o", "cat", "-t", identifier, "-g", "with a pause of")
    lines = installation.container.run(argv, check=False).stdout.splitlines()
    first = max(index for index, line in enumerate(lines) if "after 1 failure," in line)
    return [line.rpartition("pause of ")[2].partition(" s")[0] for line in lines[first:]]


def test_metrics_are_well_made(broadcast: Installation) -> None:
    """Prometheus's own checker accepts names, units and help texts."""
    text = broadcast.container.run(("curl", "-s", "http://127.0.0.1:8085/metrics")).stdout
    done = broadcast.container.run(("promtool", "check", "metrics"), input=text, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_query_of_the_dashboard_finds_something(broadcast: Installation) -> None:
    """Each panel's query has results in a real Prometheus that scrapes as in examples/prometheus.yml."""
    container = broadcast.container
    container.write("/etc/restream-test/prometheus.yml", PROMETHEUS.read_text().replace("5s", "1s"))
    options = ("--config.file=/etc/restream-test/prometheus.yml", "--storage.tsdb.path=/var/tmp/prometheus")
    server = container.popen(("prometheus", *options, "--web.listen-address=127.0.0.1:9090"))
    try:
        # A change of source makes a gap to show; rates need two scrapes.
        container.wait_until(lambda: is_ready(broadcast), 30, "Prometheus to open its database")
        container.wait_until(lambda: query(broadcast, "restream_on_air"), 30, "Prometheus's first look")
        broadcast.product("fallback", "on")
        broadcast.product("fallback", "off")
        pending = dict(queries())
        started = time.monotonic()
        container.wait_until(lambda: not still_empty(broadcast, pending), 40, f"results for {pending}")
        assert time.monotonic() > started
    finally:
        server.terminate()


def queries() -> Iterator[tuple[str, str]]:
    """Yield every panel's title with each of its queries."""
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len(panels) > 15
    for panel in panels:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"].replace("$channel", ".*")


def still_empty(installation: Installation, pending: dict[str, str]) -> dict[str, str]:
    """Repeat the queries without results so far; return those that still have none."""
    for title, expression in list(pending.items()):
        if query(installation, expression):
            del pending[title]
    return pending


def is_ready(installation: Installation) -> bool:
    """Tell whether Prometheus answers queries; until then it answers 503."""
    argv = ("curl", "-sf", "http://127.0.0.1:9090/-/ready")
    return installation.container.run(argv, check=False).returncode == 0


def query(installation: Installation, expression: str) -> list[Any]:
    url = f"{API}?{urlencode({'query': expression})}"
    said = installation.container.run(("curl", "-s", url), check=False).stdout
    if not said:
        return []
    answer = json.loads(said)
    assert answer["status"] == "success", answer
    found: list[Any] = answer["data"]["result"]
    return found
