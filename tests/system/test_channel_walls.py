"""The walls between channels: the place of each unit is taken, and all of the others is tried there."""

import base64
import json

import pytest

from restream_agent.base.channel_paths import ChannelPaths, paths_of
from tests.chaos.channels import url_of
from tests.demo.install import ETC
from tests.lab.container import Container
from tests.system.installation import SETTLED
from tests.system.places import TARGETS, Place, try_everything
from tests.system.three_channels import PLATFORMS, Channels, channels

__all__ = ["channels"]

pytestmark = pytest.mark.system

OWN = "es"
PLACES = (
    "live@es.service",
    "fallback@es.service",
    "ffmpeg-relay@es.alpha.service",
    "ffmpeg-relay@es.beta.service",
)
MAIN_PLACES = ("live@main.service", "fallback.service", "ffmpeg-relay@north.service")
RUNNING = (*MAIN_PLACES, "live@en.service", "fallback@en.service", "ffmpeg-relay@en.east.service", *PLACES)
API = {"srs": "/api/v1/clients/", "nginx-rtmp": "/stat"}
VERBS = ("reads", "writes", "connects", "starts", "memory", "kills", "plays", "asks")
UNITS = ("restream@en.target", "restream-off-air@en.service", "restream.target", "restream-off-air.service")


def directories(one: ChannelPaths) -> tuple[str, ...]:
    """Return the directories of a channel."""
    return (one.settings, one.runtime, one.operator, one.fallback, f"/run/{one.program_runtime}")


@pytest.fixture(scope="module", autouse=True)
def walls(channels: Channels) -> None:
    """Start what runs anew: the walls between channels are there from the next start on."""
    installation = channels.installation
    relays = (f"ffmpeg-relay@{name}.service" for name in PLATFORMS["main"])
    installation.container.run(("systemctl", "restart", "restream-ingest", "fallback", *relays))
    channels.wait()
    installation.wait_on_air(name for each in PLATFORMS.values() for name in each)


def processes(each: Channels) -> dict[str, int]:
    """Return the main process of each unit."""
    return {unit: int(each.installation.show(unit, "MainPID")) for unit in RUNNING}


def wait_for_processes(each: Channels) -> None:
    """Wait until no unit begins anew: its number would be 0, which to a signal is the probe itself."""
    wait = each.installation.container.wait_until
    wait(lambda: all(processes(each).values()), SETTLED, "every unit to have a process")


def streams(container: Container) -> dict[str, str]:
    """Return what is played: each stream without a key, one with its own, another with that."""
    key = container.read(paths_of(OWN).play_key).strip()
    return {
        **{channel: channel for channel in PLATFORMS},
        f"{OWN} with its key": f"{OWN}?key={key}",
        "en with the key of es": f"en?key={key}",
        "main with the key of es": f"main?key={key}",
    }


def write_targets(each: Channels) -> None:
    """Tell the probe what to try: every channel's keys, sockets, directories, processes and units."""
    container = each.installation.container
    secrets = {channel: url_of(channel).rpartition("=")[2] for channel in PLATFORMS}
    secrets |= {name: f"{name}-key" for names in PLATFORMS.values() for name in names}
    secrets |= {
        f"{channel} play-key": container.read(paths_of(channel).play_key).strip() for channel in PLATFORMS
    }
    runtime = {channel: paths_of(channel) for channel in PLATFORMS}
    targets = {
        "secrets": {name: base64.b64encode(value.encode()).decode() for name, value in secrets.items()},
        "places": [ETC, "/run", "/var/lib/restream-agent", "/var/lib/private"],
        "directories": [directory for one in runtime.values() for directory in directories(one)],
        "addresses": {
            f"{channel} {kind}": socket
            for channel, one in runtime.items()
            for kind, socket in (
                ("live", one.live_socket), ("relay", one.relay_socket), ("telemetry", one.telemetry_socket),
            )
        },
        "streams": streams(container),
        "api": [API[each.installation.server]],
        "units": UNITS,
        "processes": processes(each),
    }  # fmt: skip
    container.write(TARGETS, json.dumps(targets))


def allowed(place: str) -> set[str]:
    """Return what a unit may do: use its own key and the door of its own channel that is meant for it.

    With the right key a stream is played wherever there is a network. Only the channel's player has it.
    """
    channel = "main" if place in MAIN_PLACES else OWN
    kind, _, instance = place.removesuffix(".service").partition("@")
    if kind == "live":
        return {f"connects {channel} live", f"reads {channel} play-key", "plays es with its key"}
    if kind == "ffmpeg-relay":
        return {
            f"connects {channel} relay", f"reads {instance.rpartition('.')[2]}", "plays es with its key",
        }  # fmt: skip
    return {
        f"connects {channel} telemetry", f"writes /run/{paths_of(channel).program_runtime}",
    }  # fmt: skip


@pytest.mark.parametrize("place", [*PLACES, *MAIN_PLACES])
def test_a_unit_reaches_nothing_of_another_channel(channels: Channels, place: str) -> None:
    """What succeeds in its place is its own: key, door, directory and process."""
    wait_for_processes(channels)
    write_targets(channels)
    before = processes(channels)
    outcome = try_everything(channels.installation.container, Place(place))
    done = {attempt for attempt, succeeded in outcome.items() if succeeded}
    done = {one for one in done if one.split()[0] in VERBS}
    # A relay may have begun anew since the unit before was tried, and its number may be another's now.
    changed = {unit for unit, process in processes(channels).items() if before[unit] != process}
    passed = {f"{verb} {unit}" for verb in ("memory", "kills") for unit in {place, *changed}}
    assert done - passed == allowed(place)


def test_a_channel_has_a_slice_and_users_of_its_own(channels: Channels) -> None:
    """Its weight and limits hold for all its processes together."""
    container: Container = channels.installation.container
    users = set()
    wait_for_processes(channels)
    for place in (*PLACES, *MAIN_PLACES):
        group = channels.installation.show(place, "ControlGroup")
        assert f"/restream-{OWN if place in PLACES else 'main'}.slice/" in group
        pid = channels.installation.show(place, "MainPID")
        users.add(container.run(("stat", "-c", "%u", f"/proc/{pid}")).stdout)
    assert len(users) == len(PLACES) + len(MAIN_PLACES)
