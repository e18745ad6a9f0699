"""The public port under attack from another computer: it works again by itself, and OBS can come back."""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.attack.port_attacks import port_attack
from tests.attack.port_judge import RECOVERED_WITHIN
from tests.attack.port_run import attack_port
from tests.demo.install import ETC, PROJECT, PUBLISH_URL
from tests.lab import outside
from tests.lab.container import Container
from tests.lab.deadline import PATIENCE
from tests.lab.obs import Encoder, Obs
from tests.lab.servers import SERVERS
from tests.system.installation import Installation, within_reach

pytestmark = pytest.mark.system

SMALL = Encoder(width=320, height=180, bitrate=400_000)
INGEST = "restream-ingest.service"
SHORT = ("idle-2500", "handshakes-malformed", "refused-and-dropped", "amf-depth-40000", "unfinished-40x12MB")


@pytest.fixture(scope="module", params=SERVERS)
def installation(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Install and apply in a container, and connect another computer to it."""
    with within_reach(request.param) as installation:
        attack = installation.container.shared / "attack"
        shutil.copytree(Path(outside.__file__).parents[1] / "attack", attack)
        yield installation


def attack(installation: Installation, name: str) -> dict[str, Any]:
    """Play one attack and return the intruder's report."""
    return attack_port(installation.container, port_attack(name))


def obs_comes(installation: Installation) -> None:
    """OBS publishes, trying again as OBS does, and the broadcast is live; then OBS leaves."""
    sessions: list[Obs] = []

    def is_live() -> bool:
        if not sessions or not sessions[-1].alive():
            sessions.append(Obs(installation.container, PUBLISH_URL, SMALL).start())
        return installation.state() == "live"

    installation.container.wait_until(is_live, 20, "OBS to be live")
    sessions[-1].kill()
    installation.product("off-air")


@pytest.mark.parametrize("name", SHORT)
def test_the_port_works_again_by_itself(installation: Installation, name: str) -> None:
    """Within 10 s of the attack's end, and OBS with its key is live then."""
    report = attack(installation, name)
    assert report["recovery"] is not None, report
    assert report["recovery"] < RECOVERED_WITHIN * PATIENCE, report
    obs_comes(installation)


def test_the_right_key_is_live_amid_wrong_keys(installation: Installation) -> None:
    """120 wrong keys a second, and their `publish_done` on nginx-rtmp: OBS is live within 5 s all the same.

    The units of the broadcast are not touched for them.
    """
    container, stopped = installation.container, stops_of_live(installation)
    with ThreadPoolExecutor(1) as pool:
        storm = pool.submit(attack, installation, "refused-and-dropped")
        container.wait_until(lambda: "wrong key" in refusal(installation), 10, "the storm")
        started = time.monotonic()
        obs = Obs(container, PUBLISH_URL, SMALL).start()
        container.wait_until(lambda: installation.state() == "live", 10, "OBS to be live")
        taken = time.monotonic() - started
        assert not storm.done()
        storm.result()
    # Beside other tests OBS itself may be silent for a second, which the fallback fills: live comes back.
    container.wait_until(lambda: installation.state() == "live", 10, "live after the storm")
    stops = stops_of_live(installation) - stopped
    obs.kill()
    installation.product("off-air")
    assert (taken < 5 * PATIENCE, stops) == (True, 0), taken


def stops_of_live(installation: Installation) -> int:
    """Count how often the agent has stopped `live@` until now; tests before this one did so too."""
    return sum("stop live@" in line for line in installation.words("restream-agent", lines=50_000))


def refusal(installation: Installation) -> str:
    """Return the reason of the last refusal in the status, "" without one."""
    last = json.loads(installation.product("status", "--json"))["refusal"]
    return last["reason"] if last else ""


def test_a_dead_port_is_told_and_its_server_restarted(installation: Installation) -> None:
    """6,000 connections during a broadcast: it goes on, and OBS can come back. Only SRS stops listening."""
    container = installation.container
    obs = Obs(container, PUBLISH_URL, SMALL).start()
    container.wait_until(lambda: installation.state() == "live", 20, "OBS to be live")
    process = installation.show(INGEST, "MainPID")
    report = attack(installation, "idle-6000")
    if installation.server == "nginx-rtmp":
        obs.kill()
        installation.product("off-air")
        assert report["recovery"] is not None
        return
    container.wait_until(
        lambda: '"port": "down"' in installation.product("status", "--json"), 20, "the status"
    )
    assert "accepts no connections" in health(container)
    assert (report["recovery"], installation.show(INGEST, "MainPID"), obs.alive()) == (None, process, True)
    obs.kill()
    container.wait_until(lambda: installation.show(INGEST, "MainPID") != process, 15, "another server")
    container.wait_until(
        lambda: json.loads(installation.product("status", "--json"))["port"] == "up", 10, "the port"
    )
    obs_comes(installation)
    said = "\n".join(installation.words("restream-agent", lines=1000))
    assert "the ingest server accepts no connections: OBS cannot connect" in said
    assert "the ingest server accepts connections again" in said


def health(container: Container) -> str:
    """Return what /healthz says."""
    return container.run(("curl", "-s", "http://127.0.0.1:8085/healthz")).stdout


def test_the_journal_holds_one_line_for_each_line_of_the_server(installation: Installation) -> None:
    """A client cannot write escape sequences into the server's journal, nor lines of its own."""
    attack(installation, "forged-lines")
    lines = installation.words(INGEST, lines=10_000)
    assert not [line for line in lines if not line.isprintable()]
    assert not [line for line in lines if line.startswith("publish refused")]


def test_web_pages_cannot_read_the_api(installation: Installation) -> None:
    """No answer allows another origin."""
    argv = ("curl", "-si", "-H", "Origin: http://evil.test", "http://127.0.0.1:1985/api/v1/clients/")
    assert "access-control" not in installation.container.run(argv, check=False).stdout.lower()


def test_the_example_of_a_firewall_limits_one_address(installation: Installation) -> None:
    """Of 1,200 connections from one address 20 get through; OBS on this machine is not counted."""
    rules = (PROJECT / "examples/nftables/restream-agent.nft").read_text()
    installation.container.run(("nft", "-f", "-"), input=rules)
    report = attack(installation, "idle-1200")
    installation.container.run(("nft", "delete", "table", "inet", "restream_ingest"))
    assert 1 <= report["ends"]["left"] <= 20, report
    obs_comes(installation)


def test_an_apply_with_few_descriptors_succeeds(installation: Installation) -> None:
    """SRS's own test of its configuration refuses more connections than open files; a unit has 1024."""
    assert installation.show("restream-apply.service", "LimitNOFILESoft") == "1024"
    toml = installation.container.read(f"{ETC}/restream.toml")
    installation.edit(toml.replace("[fallback]", '[fallback]\nopening = "4s"'))
    installation.edit(toml)
