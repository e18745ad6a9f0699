"""The decision against a small model of the server and of systemd, under any order and speed of events."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.agent.decide import (
    GRACE,
    UNREACHABLE,
    AgentEvent,
    Rules,
    Tick,
    UnpublishNotice,
)
from restream_agent.agent.situation import Publisher
from tests.unit.agent.broadcast_model import World

RULES = [Rules(), Rules(hold=None), Rules(hold=0.0), Rules(standby=True)]

STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["arrive", "arrive untold"]), st.integers(0, 1)),
        st.tuples(st.sampled_from(["leave", "leave untold", "deliver", "repeat"]), st.integers(0, 5)),
        st.tuples(st.just("time"), st.integers(1, 40)),
        st.tuples(
            st.sampled_from(
                [
                    "tick", "server", "agent restarts", "agent acts",
                    "hold runs out", "off-air", "on-air", "relays have stopped", "the end has ended",
                ]
            ),
            st.just(0),
        ),
    ),
    max_size=25,
)  # fmt: skip


def take(world: World, step: str, number: int) -> None:
    """Take one step in the world."""
    units = world.units
    if step.startswith("arrive"):
        world.arrive(("main", "other")[number], is_told=step == "arrive")
    elif step.startswith("leave") and world.publishers:
        world.leave(world.publishers[number % len(world.publishers)], is_told=step == "leave")
    elif step in ("deliver", "repeat") and world.on_their_way:
        at = number % len(world.on_their_way)
        world.handle(world.on_their_way[at] if step == "repeat" else world.on_their_way.pop(at))
    elif step == "time":
        world.now += number
    elif step == "tick":
        world.handle(Tick())
    elif step == "server":
        world.is_answering, world.silent_since = not world.is_answering, world.now
    else:
        simple = {
            "agent restarts": world.restart_agent,
            "agent acts": lambda: world.act(1),
            "hold runs out": units.run_out,
            "off-air": world.off_air,
            "on-air": world.on_air,
            "relays have stopped": units.stop_target,
            "the end has ended": units.end_end,
        }
        simple.get(step, lambda: None)()


def come_to_rest(world: World) -> None:
    """Let everything that is under way end, and give the agent some ticks with the truth."""
    world.is_answering = True
    world.now += max(GRACE, UNREACHABLE)
    for _ in range(4):
        world.handle(Tick())
        world.act()
        world.units.settle()


@settings(max_examples=1000, deadline=None)
@given(STEPS, st.sampled_from(RULES))
def test_ticks_with_the_truth_end_in_the_right_state(steps: list[tuple[str, int]], rules: Rules) -> None:
    """With a publisher: on air, and exactly its stream is pulled. Without: no stream, and the hold runs.

    After off-air neither: nothing is on air, nothing is pulled, no hold is left over, until the next publish.
    """
    world = World(rules)
    units = world.units
    for step, number in steps:
        take(world, step, number)
        assert units.hold_of is None or units.is_on_air, "a hold is left over"
    come_to_rest(world)
    if world.publishers and (units.is_on_air or not world.is_ended):
        assert units.is_on_air
        assert units.live in [{publisher.stream} for publisher in world.publishers]
        assert units.hold_of is None
    elif not units.is_on_air:
        assert (units.live, units.hold_of) == (set(), None)
    else:
        assert (world.publishers, units.live) == ([], set())
        is_timed = bool(rules.hold) and not rules.standby and not world.is_opened
        assert is_timed == (units.hold_of is not None)
        assert rules.hold != 0.0 or rules.standby or world.is_opened


@pytest.mark.parametrize("acts", [0, 1, 2, 3])
def test_a_hold_that_begins_while_off_air_is_under_way_ends_no_later_broadcast(acts: int) -> None:
    """OBS is killed and off-air follows at once: the agent asks for the hold while the relays stop."""
    world = World(Rules())
    world.arrive("main", is_told=True)
    world.act()
    world.now += GRACE
    world.leave(world.publishers[0], is_told=True)
    world.handle(world.on_their_way.pop())
    world.act(acts)
    world.off_air()
    world.handle(Tick())
    world.act()
    world.units.settle()
    assert (world.units.is_on_air, world.units.hold_of) == (False, None)
    world.on_air()
    world.units.run_out()
    come_to_rest(world)
    assert (world.units.is_on_air, world.units.hold_of) == (True, None)


def test_a_publish_while_off_air_is_under_way_begins_the_next_broadcast() -> None:
    """Forty relays stop slowly. The publisher is accepted, and is live when the last of them has stopped."""
    world = World(Rules())
    world.on_air()
    world.off_air()
    world.arrive("main", is_told=True)
    world.act()
    assert (world.units.is_stopping, world.units.live) == (True, set())
    world.units.settle()
    world.handle(Tick())
    world.act()
    assert (world.units.broadcast, world.units.live) == (2, {"main"})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["hook", "tick", "other hook"]), min_size=1, max_size=8))
def test_a_hold_begins_once_however_often_the_end_of_the_publisher_is_reported(heard: list[str]) -> None:
    """Repeated unpublishes, ticks and unpublishes of other clients do not start the hold again."""
    world = World(Rules())
    world.arrive("main", is_told=True)
    (publisher,) = world.publishers
    world.now += GRACE
    world.leave(publisher, is_told=False)
    stranger = Publisher("stranger", "main")
    events: dict[str, AgentEvent] = {
        "hook": UnpublishNotice(publisher),
        "tick": Tick(),
        "other hook": UnpublishNotice(stranger),
    }
    for name in heard:
        world.handle(events[name])
        world.act()
    assert (0 if set(heard) == {"other hook"} else 1) == world.units.holds
