"""Forty relays on a small machine: they start, stop and are added without a failure."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.demo.install import configuration, install
from tests.demo.screen import Screen
from tests.lab.container import Container
from tests.lab.crowd import Crowd
from tests.system.installation import TOML, Installation

pytestmark = pytest.mark.system

COUNT, ADDED = 40, 30
PATIENCE = 120.0
"""Seconds for 40 relays to start, one after another on two busy cores."""

OFF_AIR = 15.0
"""Seconds that off-air may take. With nothing else on the machine it takes a second or two."""


@pytest.fixture(scope="module")
def crowded() -> Iterator[tuple[Installation, Crowd]]:
    """An installation with the first ten of forty platforms, off air. The server makes no difference."""
    with Container() as container:
        crowd = Crowd(container, COUNT, port=22000)
        crowd.start()
        install(container, "nginx-rtmp", (), Screen())
        toml = configuration("nginx-rtmp", ())
        container.write(TOML, toml + crowd.tables(crowd.names[: COUNT - ADDED]))
        installation = Installation(container, "nginx-rtmp", {}, toml)
        installation.product("apply")
        yield installation, crowd


def states(installation: Installation) -> dict[str, str]:
    """Return the state of each relay, as `status` shows it."""
    relays = json.loads(installation.product("status", "--json"))["relays"]
    return {name: relay["state"] for name, relay in relays.items()}


def wait_delivering(installation: Installation, names: tuple[str, ...]) -> None:
    all_deliver = dict.fromkeys(names, "delivering")
    installation.container.wait_until(
        lambda: states(installation) == all_deliver, PATIENCE, f"{len(names)} relays to deliver"
    )


def failed(installation: Installation) -> list[str]:
    argv = ("systemctl", "list-units", "--all", "--plain", "--no-legend", "--state=failed")
    return installation.container.run(argv).stdout.splitlines()


def test_relays_are_added_and_off_air_is_clean(crowded: tuple[Installation, Crowd]) -> None:
    """Thirty are added to ten on air. After off-air no unit has failed, and each relay is off."""
    installation, crowd = crowded
    installation.product("on-air")
    wait_delivering(installation, crowd.names[: COUNT - ADDED])
    installation.container.write(TOML, installation.toml + crowd.tables(crowd.names))
    installation.product("apply")
    wait_delivering(installation, crowd.names)
    assert failed(installation) == []
    began = time.monotonic()
    installation.product("off-air")
    took = time.monotonic() - began
    print(f"off-air took {took:.2f} s")
    assert failed(installation) == []
    assert installation.state() == "off air"
    assert set(states(installation).values()) == {"off"}
    assert took < OFF_AIR


def test_off_air_is_clean_right_after_on_air(crowded: tuple[Installation, Crowd]) -> None:
    """Relays that have not reached their platform yet end without a failure, too."""
    installation, _ = crowded
    installation.product("on-air")
    installation.product("off-air")
    assert failed(installation) == []
    assert set(states(installation).values()) == {"off"}
