"""What the agent observes of relays, publishers and applies, and what it does about it."""

import asyncio

import pytest

from restream_agent.agent import shared_look
from restream_agent.agent.decide import UNREACHABLE
from restream_agent.agent.situation import Publisher
from restream_agent.base.errors import RestreamError
from restream_agent.wire.program_report import LiveReport
from tests.unit.agent.reports import NO_LIVE, live, program
from tests.unit.agent.test_agent import OBS, AgentBench, bench, go, hook

__all__ = ["bench"]


def test_a_running_hold_is_counted_down(bench: AgentBench) -> None:
    """From the timer's start on the monotonic clock; a hold that is over shows zero."""
    bench.machine.units = {"restream.target": "active", "restream-off-air.timer": "active"}
    go(bench.agent.tick)
    assert bench.agent.status().as_json()["hold_left"] == 0.0


def test_a_stuck_relay_is_killed(bench: AgentBench) -> None:
    """The program is sending, the unit is active, and its ffmpeg has reported nothing for `stall`."""
    bench.machine.units = {"restream.target": "active", "ffmpeg-relay@twitch.service": "active"}
    bench.telemetry.running_since = 0.0
    bench.telemetry.moved_at = float("inf")
    bench.telemetry.report = program(source="live", position=0)
    go(bench.agent.tick)
    assert "kill ffmpeg-relay@twitch.service" in bench.machine.calls


@pytest.mark.parametrize(
    ("stream", "dropped"), [(live(), []), (live(connected=False), ["c1"]), (NO_LIVE, ["c1"])]
)
def test_a_publisher_whose_stream_never_arrived_is_dropped(
    bench: AgentBench, stream: LiveReport, dropped: list[str]
) -> None:
    """It is listed, pulled for longer than `silence`, and none of its stream has reached the program."""
    bench.server.listed = (OBS,)
    bench.machine.units = {"restream.target": "active", "live@main.service": "active"}
    bench.telemetry.report = program(source="fallback", live=stream)
    bench.telemetry.received_at = float("inf")
    go(bench.agent.tick)
    assert bench.server.dropped == dropped


@pytest.mark.parametrize("source", ["live", "fallback"])
def test_a_publisher_that_is_heard_is_there_whatever_the_server_says(bench: AgentBench, source: str) -> None:
    """The server's API answers nothing, also during a break (`fallback on`): the broadcast goes on."""
    bench.server.listed = (OBS,)
    bench.machine.units = {"restream.target": "active", "live@main.service": "active"}
    go(bench.agent.tick)
    bench.server.listed, bench.passed = None, 2 * UNREACHABLE
    bench.telemetry.report = program(source=source, live=live(), held=source == "fallback")
    bench.telemetry.received_at = bench.telemetry.heard_at = float("inf")
    go(bench.agent.tick)
    assert bench.machine.calls == []


def test_a_stream_that_is_just_being_pulled_has_time(bench: AgentBench) -> None:
    """A unit that is not active yet shows the time of its previous run."""
    bench.server.listed = (OBS,)
    bench.machine.units = {"restream.target": "active", "live@main.service": "activating"}
    bench.telemetry.report, bench.telemetry.received_at = program(source="fallback"), float("inf")
    go(bench.agent.tick)
    assert bench.server.dropped == []


def test_an_apply_that_failed_is_known_by_its_run(bench: AgentBench) -> None:
    """So one failed run causes one piece of news."""
    bench.machine.units = {"restream-apply.service": "failed"}
    go(bench.agent.tick)
    assert bench.agent.status().as_json()["config"] == "refused"


def test_what_was_reported_of_the_last_broadcast_is_not_the_state_of_the_next(bench: AgentBench) -> None:
    """OBS publishes a second after off-air: the channel is live when its program says so, and not before."""
    bench.telemetry.report, bench.telemetry.received_at = program(source="live"), bench.clock()
    go(lambda: bench.agent.publish(hook(OBS)), bench.agent.refresh)
    states = [bench.agent.status().state]
    bench.telemetry.received_at = bench.clock()
    states.append(bench.agent.status().state)
    assert states == ["on air", "live"]


def test_a_status_is_never_older_than_its_request(bench: AgentBench) -> None:
    """After `off-air`, `status` says "off air", although the agent looked just before the end."""
    go(bench.agent.tick)
    bench.server.listed = None
    go(bench.agent.refresh)
    assert bench.agent.status().as_json()["ingest"] == "down"


def test_a_status_that_is_asked_for_during_a_look_waits_for_the_next_one(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look that is under way may have seen the time before the request."""
    monkeypatch.setattr(shared_look, "LOOK_EVERY", 0.0)
    is_looking, may_end = asyncio.Event(), asyncio.Event()
    ask = bench.server.publishers

    async def slow() -> tuple[Publisher, ...]:
        is_looking.set()
        await may_end.wait()
        return await ask()

    monkeypatch.setattr(bench.server, "publishers", slow)

    async def look() -> int:
        before = bench.machine.looks
        first = asyncio.create_task(bench.agent.refresh())
        await is_looking.wait()
        second = asyncio.create_task(bench.agent.refresh())
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.gather(first, second)
        return bench.machine.looks - before

    assert asyncio.run(look()) == 2


def test_a_status_asked_for_often_is_not_a_look_each_time(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next look begins LOOK_EVERY after this one, so many requests do not burden systemd."""
    monkeypatch.setattr(shared_look, "LOOK_EVERY", 60.0)
    go(bench.agent.refresh)
    looks = bench.machine.looks

    async def ask() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bench.agent.refresh(), 0.01)

    asyncio.run(ask())
    assert bench.machine.looks == looks


def test_a_stream_is_kept_until_its_publisher_is_listed(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anybody has come, from the hook on until the publisher is seen, and after its end."""
    followed: list[tuple[str | None, bool]] = []

    def follow(stream: str | None, *, is_published: bool) -> None:
        followed.append((stream, is_published))

    monkeypatch.setattr(bench.keeper, "follow", follow)
    go(bench.agent.tick, lambda: bench.agent.publish(hook(OBS)))
    bench.server.listed = (OBS,)
    go(bench.agent.tick)
    bench.server.listed = ()
    go(lambda: bench.agent.unpublish(hook(OBS, "unpublish")))
    assert followed == [(None, False), ("main", False), ("main", False), ("main", True), (None, False)]


def test_a_new_stream_is_kept_while_another_is_still_published(
    bench: AgentBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SRS has a new source for it, which nobody else plays before `live@` does."""
    followed: list[tuple[str | None, bool]] = []

    def follow(stream: str | None, *, is_published: bool) -> None:
        followed.append((stream, is_published))

    bench.server.listed = (OBS,)
    go(bench.agent.tick)
    monkeypatch.setattr(bench.keeper, "follow", follow)
    go(lambda: bench.agent.publish(hook(Publisher("c3", "other"))))
    assert followed == [("other", False), ("other", False)]


@pytest.mark.parametrize(
    ("watches_server", "is_used", "restarts"),
    [(True, False, True), (True, True, False), (False, False, False)],
)
def test_one_channel_restarts_the_server_if_no_other_is_used(
    bench: AgentBench, *, watches_server: bool, is_used: bool, restarts: bool
) -> None:
    """All of them see that its API is silent."""
    bench.watches_server, bench.is_used = watches_server, is_used
    agent = bench.restarted()
    bench.machine.units = {"restream-ingest.service": "active"}
    bench.server.listed, bench.passed = None, 2 * UNREACHABLE
    go(agent.tick)
    assert (bench.machine.calls == ["restart restream-ingest.service"]) is restarts


def test_helper_units_that_failed_are_in_the_status(bench: AgentBench) -> None:
    """By name; relays and players are not among them, the agent has other words for those."""
    bench.machine.units = {
        "restream-notify.service": "failed",
        "restream-git-fetch.service": "failed",
        "restream-fallback-convert@configured.service": "failed",
        "ffmpeg-relay@twitch.service": "failed",
        "live@main.service": "failed",
        "restream-ingest.service": "active",
    }
    go(bench.agent.tick)
    assert bench.agent.status().as_json()["failed_units"] == [
        "restream-fallback-convert@configured.service",
        "restream-git-fetch.service",
        "restream-notify.service",
    ]


def test_the_time_on_air_counts_from_the_start_of_the_target(bench: AgentBench) -> None:
    """In the fake, that is the second second of the machine's clock."""
    bench.machine.units = {"restream.target": "active"}
    go(bench.agent.refresh)
    shown = bench.agent.status().as_json()["on_air_for"]
    assert shown == pytest.approx(bench.clock() - 1.0, abs=2.0)


def test_off_air_systemd_is_asked_at_every_other_tick(bench: AgentBench) -> None:
    """The server is asked at each. A look for the status asks systemd, too."""
    for expected in (1, 1, 2, 2):
        go(bench.agent.tick)
        assert bench.machine.looks == expected
    bench.server.listed = (OBS,)
    go(bench.agent.refresh)
    assert bench.machine.looks == 3


def test_a_lost_publish_is_seen_at_a_tick_that_does_not_ask_systemd(bench: AgentBench) -> None:
    """It puts the broadcast on air as any tick does."""
    go(bench.agent.tick)
    bench.server.listed = (OBS,)
    go(bench.agent.tick)
    assert "start restream.target" in bench.machine.calls


@pytest.mark.parametrize("what", ["on air", "ending", "listed", "no answer", "reported", "port"])
def test_while_anything_happens_every_tick_asks_systemd(bench: AgentBench, what: str) -> None:
    """Whatever is up, and whatever is wrong with the server."""
    match what:
        case "on air":
            bench.machine.units = {"restream.target": "active"}
            (bench.runtime / "operator" / "open").touch()  # it stays, without a hold
        case "ending":
            bench.machine.units = {"restream-off-air.service": "activating"}
        case "listed":
            bench.server.listed = (OBS,)
        case "no answer":
            bench.server.listed = None
        case "reported":
            bench.telemetry.report, bench.telemetry.received_at = program(source="fallback"), float("inf")
        case "port":
            bench.agent._observer.port.failures = 1
    go(bench.agent.tick)
    looks = bench.machine.looks
    go(bench.agent.tick)
    assert bench.machine.looks > looks


def test_a_systemd_that_does_not_answer_is_asked_again_at_the_next_tick(bench: AgentBench) -> None:
    """Or a look that is too old would never be one."""
    go(bench.agent.tick, bench.agent.tick)
    bench.machine.broken = frozenset({"show"})
    for _ in range(2):
        with pytest.raises(RestreamError):
            go(bench.agent.tick)
