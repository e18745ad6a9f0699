"""When the fallback is matched to the publisher's stream."""

from dataclasses import replace

from restream_agent.agent.decide import (
    AgentEvent,
    PublisherMemory,
    PublishRequest,
    Rules,
    Tick,
    UnpublishNotice,
    decide,
)
from restream_agent.agent.fallback_match import ASKED_WITHIN, MATCH_EVERY, LastMatch
from restream_agent.agent.situation import Publisher, Situation
from restream_agent.systemd import unit_names

OBS = Publisher("1", "main", "192.0.2.7")
LIVE = Situation(
    now=1000.0, publishers=(OBS,), is_on_air=True, live_streams=frozenset({"main"}), shape="h264 wide"
)


def is_matched(memory: PublisherMemory, situation: Situation, event: Tick | PublishRequest) -> bool:
    """Whether the preparation is started."""
    actions = decide(Rules(), memory, situation, event).actions
    return unit_names.PREPARE_UNIT in [getattr(action, "unit", "") for action in actions]


def after(situation: Situation, event: AgentEvent, memory: PublisherMemory) -> PublisherMemory:
    """Return the memory after an event."""
    return decide(Rules(), memory, situation, event).memory


MEMORY = PublisherMemory(OBS, 990.0)


def test_a_new_shape_is_matched_once() -> None:
    """At the first tick that sees it."""
    assert is_matched(MEMORY, LIVE, Tick())
    matched = after(LIVE, Tick(), MEMORY)
    assert matched.match == LastMatch("h264 wide", 1000.0)
    assert not is_matched(matched, replace(LIVE, now=2000.0), Tick())


def test_a_publish_matches_nothing_by_itself() -> None:
    """The program has not seen the stream yet. The same shape as before is not matched again."""
    assert not is_matched(MEMORY, LIVE, PublishRequest(OBS))
    matched = after(LIVE, Tick(), MEMORY)
    again = after(replace(LIVE, now=2000.0), PublishRequest(OBS), matched)
    assert again.match == matched.match
    assert not is_matched(again, replace(LIVE, now=2005.0), Tick())


def test_a_shape_is_matched_again_if_its_publisher_went_before_it_was_asked() -> None:
    """The preparation starts late on a busy machine, finds no stream, and has nothing to do."""
    matched = after(LIVE, Tick(), MEMORY)
    gone = after(replace(LIVE, now=1003.0), UnpublishNotice(OBS), matched)
    back = after(replace(LIVE, now=1006.0), PublishRequest(OBS), gone)
    assert not is_matched(back, replace(LIVE, now=1009.0), Tick())
    assert is_matched(back, replace(LIVE, now=1000.0 + MATCH_EVERY), Tick())


def test_a_shape_is_not_matched_again_if_its_publisher_stayed_for_long() -> None:
    """Ten reconnects, one preparation."""
    matched = after(LIVE, Tick(), MEMORY)
    gone = after(replace(LIVE, now=1000.0 + ASKED_WITHIN), UnpublishNotice(OBS), matched)
    back = after(replace(LIVE, now=1100.0), PublishRequest(OBS), gone)
    assert not is_matched(back, replace(LIVE, now=1200.0), Tick())


def test_a_preparation_that_failed_is_tried_again_with_the_next_publish() -> None:
    """Not with every tick."""
    matched = after(LIVE, Tick(), MEMORY)
    failed = replace(LIVE, now=2000.0, is_unprepared=True)
    assert not is_matched(matched, failed, Tick())
    again = after(failed, PublishRequest(OBS), matched)
    later = replace(failed, now=2005.0)
    assert is_matched(again, later, Tick())
    assert not is_matched(after(later, Tick(), again), replace(later, now=3000.0), Tick())


def test_a_phone_that_is_turned_again_and_again_is_matched_every_ten_seconds() -> None:
    """The last of its shapes counts."""
    matched = after(LIVE, Tick(), MEMORY)
    turned = replace(LIVE, shape="h264 tall", now=1000.0 + MATCH_EVERY - 1)
    assert not is_matched(matched, turned, Tick())
    assert is_matched(matched, replace(turned, now=1000.0 + MATCH_EVERY), Tick())


def test_what_is_not_known_is_not_matched() -> None:
    """Nor is the stream of a publisher that has gone, nor one while the broadcast is ending."""
    assert not is_matched(MEMORY, replace(LIVE, shape=""), Tick())
    assert not is_matched(PublisherMemory(), replace(LIVE, publishers=()), Tick())
    ending = replace(LIVE, is_ending=True)
    assert not is_matched(MEMORY, ending, Tick())
    assert after(ending, Tick(), MEMORY).match == LastMatch()
