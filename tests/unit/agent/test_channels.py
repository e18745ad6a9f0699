"""Several channels in one process: each on its own, and each said by name."""

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from restream_agent.agent import switchboard
from restream_agent.agent.channel_ingest import Strays
from restream_agent.agent.port_probe import PortProbe
from restream_agent.agent.refusals import WRONG_KEY
from restream_agent.agent.situation import Publisher
from restream_agent.base import package_files
from restream_agent.systemd.channels import Channel
from restream_agent.wire.status_report import ChannelsReport
from tests.unit.agent.channels_running import CHANNELS, MAIN, SeveralChannels, several
from tests.unit.agent.reports import live, program
from tests.unit.agent.test_agent import FakeIngest, go, hook

__all__ = ["several"]

OBS = Publisher("c1", "main", "192.0.2.1")
ES = Publisher("c2", "es", "192.0.2.2")
EN = Publisher("c3", "en", "192.0.2.3")


def publish(running: SeveralChannels, *publishers: Publisher) -> None:
    """Let publishers come, one after another, and be listed."""
    for publisher in publishers:
        assert go(partial(running.board.publish, hook(publisher))) == [""]
        running.server.listed = (*(running.server.listed or ()), publisher)


def test_a_publisher_opens_the_channel_of_its_name(several: SeveralChannels) -> None:
    """With the units of that channel; a name that is no channel's opens main."""
    publish(several, ES, Publisher("c9", "other", "192.0.2.9"))
    assert several.machine.calls == [
        "start restream@es.target",
        "restart live@es.service",
        "start restream.target",
        "restart live@other.service",
    ]
    assert several.channels["en"].agent.status().publisher is None


def test_a_publisher_of_one_channel_is_dropped_by_no_other(several: SeveralChannels) -> None:
    """Each channel sees its own publishers alone, also in a tick."""
    publish(several, OBS, ES, EN)
    several.machine.calls.clear()
    for channel in several.channels.values():
        go(channel.tick)
    assert (several.server.dropped, several.machine.calls) == ([], [])
    go(lambda: several.board.publish(hook(Publisher("c4", "es"))))
    assert several.server.dropped == ["c2"]


def test_the_end_of_one_stream_is_the_end_of_one_channel(several: SeveralChannels) -> None:
    """Its hold begins, and its puller is stopped."""
    publish(several, OBS, ES)
    several.machine.calls.clear()
    several.server.listed = (OBS,)
    go(lambda: several.board.unpublish(hook(ES, "unpublish")))
    assert several.machine.calls == ["stop live@es.service", "start restream-off-air@es.timer"]
    assert several.server.cuts == ["es"]


def test_a_channel_that_an_apply_takes_away_is_not_woken(several: SeveralChannels) -> None:
    """Its player has been stopped, and its OBS is still connected.

    The player's file is gone: live@es would be of main's template, and play es to main's platforms.
    """
    publish(several, OBS, ES)
    several.machine.calls.clear()
    several.machine.units["live@es.service"] = "inactive"
    several.removed.add("es")
    for channel in several.channels.values():
        go(channel.tick)
    assert go(lambda: several.board.publish(hook(Publisher("c4", "es")))) == [""]
    assert several.machine.calls == []
    several.removed.clear()
    go(several.channels["es"].tick)
    assert "start live@es.service" in several.machine.calls


def test_a_hook_waits_for_no_systemctl_of_another_channel(several: SeveralChannels) -> None:
    """While systemd does not answer for one channel, publishers of the others are on the air."""
    several.machine.stuck = "restream@es.target"

    async def walk() -> bool:
        waiting = asyncio.create_task(several.board.publish(hook(ES)))
        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            assert await several.board.publish(hook(OBS)) == ""
            assert await several.board.publish(hook(EN)) == ""
        was_stuck = "restart live@es.service" not in several.machine.calls
        several.machine.answers.set()
        await waiting
        return was_stuck

    assert asyncio.run(walk())


def test_each_channel_remembers_its_publisher_over_a_restart(several: SeveralChannels) -> None:
    """In a file of its own."""
    publish(several, OBS, ES)
    several.begin(CHANNELS)
    publishers = [channel.agent.status().publisher for channel in several.channels.values()]
    assert publishers == [OBS, ES, None]


def test_the_publisher_of_a_removed_channel_goes_to_no_other(several: SeveralChannels) -> None:
    """It came with a key that is not main's: the server is asked to disconnect it, until it is gone."""
    publish(several, ES)
    several.begin((Channel("main", frozenset({"en"})), Channel("en")))
    several.machine.calls.clear()
    go(several.channels["main"].tick)
    assert set(several.server.dropped) == {"c2"}
    assert "start restream.target" not in several.machine.calls
    several.server.listed = ()
    go(several.channels["main"].tick)
    assert not (several.runtime / "channels/es").exists()


def test_a_stray_that_goes_while_it_is_dropped_comes_back_to_no_channel(several: SeveralChannels) -> None:
    """The list of one channel is older than that of another, which has the stray no more."""
    several.begin((Channel(),))
    publish(several, ES)
    strays = Strays(several.runtime, CHANNELS)

    class SlowToDrop(FakeIngest):
        async def drop(self, _: Publisher) -> None:
            await strays.drop((OBS,), self)

    assert go(lambda: strays.drop((OBS, ES), SlowToDrop())) == [(OBS,)]


def test_the_publisher_of_an_added_channel_s_name_does_not_open_it(several: SeveralChannels) -> None:
    """It came with main's key."""
    several.begin((Channel(),))
    publish(several, ES)
    several.begin(CHANNELS)
    several.machine.calls.clear()
    for channel in several.channels.values():
        go(channel.tick)
    assert set(several.server.dropped) == {"c2"}
    assert not [call for call in several.machine.calls if call.startswith("start restream@es.target")]
    assert [channel.agent.status().publisher for channel in several.channels.values()] == [None] * 3


def test_what_a_removed_channel_has_left_is_deleted(several: SeveralChannels) -> None:
    """So that a channel that comes back begins anew."""
    several.channels["es"].news.look(several.channels["es"].agent.status())
    (several.runtime / "channels/es/told.json").write_text("{}")
    several.begin((MAIN, Channel("en")))
    assert not (several.runtime / "channels/es").exists()
    assert (several.runtime / "channels/en").exists()


def test_the_status_has_every_channel(several: SeveralChannels) -> None:
    """At the top that of main, as without channels."""
    publish(several, ES)
    (table,) = go(several.board.status)
    report = ChannelsReport.from_table(json.loads(json.dumps(table)))
    states = {name: each.state for name, each in report.channels.items()}
    assert states == {"main": "off air", "es": "on air", "en": "off air"}
    assert set(report.channels["es"].relays) == {"twitch"}


def test_every_channel_s_status_says_that_obs_cannot_connect(
    several: SeveralChannels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Main alone tries the port that all of them share."""
    main = several.channels["main"].agent
    monkeypatch.setattr(main._observer.port, "failures", 2)
    (table,) = go(several.board.status)
    ports = {name: each.port for name, each in ChannelsReport.from_table(table).channels.items()}
    assert ports == {"main": "down", "es": "down", "en": "down"}


def test_who_is_told_to_end_a_broadcast_is_told_to_end_that_of_the_channel(several: SeveralChannels) -> None:
    """The command without a name would end main's."""
    for name, command in (("main", "off-air main)"), ("es", "off-air es)")):
        telemetry, stream = several.channels[name].telemetry, live(audio_codec="mp3", broadcast_sound="aac")
        telemetry.report, telemetry.received_at = program(source="live", live=stream), telemetry.clock()
        (words,) = several.channels[name].agent.status().unplayable.values()
        assert f"(restream-agent {command}" in words


def test_one_channel_has_the_status_and_the_line_of_always(several: SeveralChannels) -> None:
    """Nothing is named that exists once."""
    several.begin((Channel(),))
    (table,) = go(several.board.status)
    assert table == several.channels["main"].agent.status().as_json() | {"version": package_files.version()}
    assert several.board.say(several.channels["main"], "off air") == "off air"


def test_systemd_s_line_names_the_channels(several: SeveralChannels) -> None:
    """Each with its newest words."""
    board = several.board
    assert board.say(several.channels["main"], "off air") == "main: off air"
    assert board.say(several.channels["es"], "live, twitch refusing") == (
        "main: off air; es: live, twitch refusing"
    )


def test_a_problem_of_another_channel_begins_with_its_name(several: SeveralChannels) -> None:
    """What is wrong with the ingest server is said once."""
    publish(several, ES)
    several.server.listed = None
    several.machine.broken = frozenset({"start"})
    for channel in several.channels.values():
        go(channel.tick)
    assert several.board.problems() == (
        "the ingest server does not answer",
        "es: on air, but the program says nothing",
    )


def test_a_refusal_is_shown_at_the_channel_that_was_meant(several: SeveralChannels) -> None:
    """Others say nothing of it."""
    several.board.refused(WRONG_KEY, ES)
    refusals = {name: each.agent.status().refusal for name, each in several.channels.items()}
    assert [name for name, refusal in refusals.items() if refusal] == ["es"]


def test_the_server_is_not_restarted_under_another_channel(several: SeveralChannels) -> None:
    """Main alone watches over it, and asks whether another channel is heard or has just been opened."""
    assert not several.channels["es"].agent.is_used
    publish(several, ES)
    assert several.channels["es"].agent.is_used
    telemetry = several.channels["en"].telemetry
    telemetry.report, telemetry.received_at = program(source="live", live=live()), telemetry.clock()
    telemetry.heard_at = telemetry.clock()
    assert several.channels["en"].agent.is_used
    assert not several.channels["main"].agent.is_used


def test_a_channel_s_directory_that_cannot_be_made_is_logged(tmp_path: Path) -> None:
    """A full tmpfs costs the memory, not the channel."""
    (tmp_path / "agent").mkdir()
    (tmp_path / "agent/channels").write_text("")
    running = SeveralChannels(tmp_path / "agent")
    go(lambda: running.board.publish(hook(ES)))
    assert "restart live@es.service" in running.machine.calls


def test_the_status_waits_a_while_for_a_channel_that_is_busy(
    several: SeveralChannels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown as it was; the others are as of now."""
    monkeypatch.setattr(switchboard, "_LOOKED_WITHIN", 0.5)
    several.machine.stuck = "restream@es.target"

    async def walk() -> ChannelsReport:
        waiting = asyncio.create_task(several.board.publish(hook(ES)))
        await several.board.publish(hook(OBS))
        async with asyncio.timeout(10):
            report = ChannelsReport.from_table(await several.board.status())
        several.machine.answers.set()
        await waiting
        return report

    states = {name: each.state for name, each in asyncio.run(walk()).channels.items()}
    assert states == {"main": "on air", "es": "off air", "en": "off air"}


def test_the_end_of_another_channel_s_stream_has_main_look_at_a_dead_port(several: SeveralChannels) -> None:
    """The next publisher cannot connect until main has restarted the server."""
    publish(several, ES)
    main = several.channels["main"].agent
    go(lambda: several.board.unpublish(hook(ES, "unpublish")))
    assert not main.look_again.is_set()
    main._observer.port.failures = 2
    go(lambda: several.board.unpublish(hook(ES, "unpublish")))
    assert main.look_again.is_set()


def test_a_dead_port_is_looked_at_no_more_often_while_another_channel_is_used(
    several: SeveralChannels, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server cannot be restarted now."""

    monkeypatch.setattr(PortProbe, "is_dead", True)
    several.machine.units = {"restream-ingest.service": "active"}
    main = several.channels["main"].agent
    go(main.tick)
    assert main.look_again.is_set()
    main.look_again.clear()
    publish(several, ES)
    go(main.tick)
    assert not main.look_again.is_set()
