"""The table of walls in docs/security.md: the place of each unit is taken, and everything is tried there."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.demo.install import ETC, INGEST_KEY, POLICY, PUBLISH_URL, configuration, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.obs import Obs
from tests.lab.outside import connect_another_computer
from tests.lab.platform import PlatformServer
from tests.lab.servers import SERVERS
from tests.system.installation import TOML, Installation
from tests.system.places import TARGETS, try_everything
from tests.system.probe import SYSTEM_CALLS
from tests.system.wall_table import COLUMNS, NOTIFY, NOTIFY_POLICY, PLACES, RUNNING, SEEING, table, targets

pytestmark = pytest.mark.system

SECRETS = {"its platform's key": "alpha-key", "other platforms' keys": "beta-key", "ingest key": INGEST_KEY}


@pytest.fixture(scope="module", params=SERVERS)
def broadcast(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """A broadcast with two relays and a notifier, and another computer within reach."""
    with Container() as container:
        platforms = {
            name: PlatformServer(container, name, key=f"{name}-key", port=21000 + 10 * number)
            for number, name in enumerate(("alpha", "beta"))
        }
        for platform in platforms.values():
            platform.start()
        both = tuple(platforms.values())
        install(container, request.param, both, Screen())
        toml = configuration(request.param, both) + NOTIFY
        container.write(POLICY, NOTIFY_POLICY)
        container.write(TOML, toml)
        installation = Installation(container, request.param, platforms, toml=toml)
        installation.product("apply")
        connect_another_computer(container)
        obs = Obs(container, PUBLISH_URL).start()
        container.wait_until(lambda: installation.state() == "live", 30, "OBS to be live")
        installation.wait_on_air(platforms)
        yield installation
        obs.kill()


def denies_addresses(container: Container) -> bool:
    """Whether this machine's kernel keeps IPAddressDeny=; in a container with cgroup v1 it does not."""
    connect = "import socket; socket.create_connection(('127.0.0.1', 8085), 2)"
    argv = ("systemd-run", "--quiet", "--wait", "-p", "IPAddressDeny=any", "python3", "-c", connect)
    return container.run(argv, check=False).returncode != 0


def write_targets(installation: Installation) -> None:
    """Tell the probe what to try. The secrets are encoded, so that it does not find them in that file."""
    token = installation.container.read(f"{ETC}/hook-token").strip()
    processes = {unit: installation.show(f"{unit}.service", "MainPID") for unit in RUNNING}
    given = targets({**SECRETS, "hook token": token}, {unit: int(pid) for unit, pid in processes.items()})
    installation.container.write(TARGETS, json.dumps(given))


def test_each_relay_has_a_user_of_its_own(broadcast: Installation) -> None:
    """Systemd derives one user for all instances of a template unless each names its own."""
    users = {
        broadcast.container.run(("stat", "-c", "%u", f"/proc/{broadcast.show(unit, 'MainPID')}")).stdout
        for unit in ("ffmpeg-relay@alpha.service", "ffmpeg-relay@beta.service", "live@main.service")
    }
    assert len(users) == 3


def test_the_units_of_the_broadcast_share_a_slice(broadcast: Installation) -> None:
    """CPUWeight= counts between neighbours."""
    for unit in RUNNING:
        group = broadcast.show(f"{unit}.service", "ControlGroup")
        assert re.search(r"/restream\.slice/[^/]+\.service$", group), group
    assert broadcast.show("restream.slice", "CPUWeight") == "1000"


@pytest.mark.parametrize("name", PLACES)
def test_a_unit_can_do_what_the_table_says_and_nothing_else(broadcast: Installation, name: str) -> None:
    """What succeeds in the unit's place is exactly the row."""
    write_targets(broadcast)
    place = PLACES[name]
    outcome = try_everything(broadcast.container, place)
    row = table()[name]
    done = {attempt for attempt, succeeded in outcome.items() if succeeded}
    if "the internet" not in row["connects to"] and not denies_addresses(broadcast.container):
        done -= {"connects the internet"}
    shown = {
        column: {attempt.removeprefix(f"{column} ") for attempt in done if attempt.startswith(f"{column} ")}
        for column in COLUMNS
    }
    shown["writes"] = {f"`{path}`" for path in shown["writes"]}
    shown["starts"] = {f"`{unit}`" for unit in shown["starts"]}
    assert shown == {attempt: row[column] for attempt, column in COLUMNS.items()}
    own = place.unit.removesuffix(".service")
    assert {a for a in done if a.startswith(("memory ", "kills ")) and a.split()[1] != own} == set()
    seen = {attempt.split()[1] for attempt in done if attempt.startswith("sees ")} - {own}
    assert not seen or name in SEEING
    assert {call for call in SYSTEM_CALLS if f"calls {call}" in done} == set()
