"""When the ingest server is restarted: if it is dead and nobody's stream would end."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.agent.actions import ChangeUnit
from restream_agent.agent.decide import GRACE, PublisherMemory, Rules, Tick, decide
from restream_agent.agent.ingest_health import STARTED, IngestHealth
from restream_agent.agent.situation import Publisher, Situation

OBS = Publisher("c1", "main", "192.0.2.1")
DEAD = IngestHealth(is_port_dead=True, up_for=60.0)
NOW = 1000.0
RESTART = ChangeUnit("restart", "restream-ingest.service", "it accepts no connections")


def restarts(situation: Situation, memory: PublisherMemory | None = None) -> bool:
    """Tell whether a tick restarts the ingest server."""
    return RESTART in decide(Rules(), memory or PublisherMemory(), situation, Tick()).actions


@pytest.mark.parametrize(
    "health",
    [DEAD, IngestHealth(is_api_dead=True, up_for=60.0)],
)
@pytest.mark.parametrize("is_on_air", [True, False])
def test_a_dead_server_is_restarted(health: IngestHealth, *, is_on_air: bool) -> None:
    """Off air too: OBS may come at any time."""
    assert restarts(Situation(NOW, is_on_air=is_on_air, ingest=health))


@pytest.mark.parametrize(
    "situation",
    [
        Situation(NOW, is_heard=True, is_on_air=True, ingest=DEAD),
        Situation(NOW, is_used_elsewhere=True, ingest=DEAD),
        Situation(NOW, ingest=replace(DEAD, up_for=STARTED - 0.1)),
        Situation(NOW, ingest=replace(DEAD, up_for=0.0)),
        Situation(NOW, ingest=IngestHealth(up_for=60.0)),
    ],
    ids=["heard", "another channel", "just started", "not running or not ours", "well"],
)
def test_a_server_is_left_alone(situation: Situation) -> None:
    """While a program receives a stream, while it starts, if it is not ours, and if it is well."""
    assert not restarts(situation)


def test_a_publisher_that_has_just_come_is_not_cut_off() -> None:
    """Its stream has not reached the program yet."""
    memory = PublisherMemory(OBS, accepted_at=NOW - GRACE + 0.1)
    assert not restarts(Situation(NOW, publishers=(OBS,), ingest=DEAD), memory)
    assert restarts(Situation(NOW + 1, publishers=(OBS,), ingest=DEAD), memory)


@given(
    st.builds(IngestHealth, st.booleans(), st.booleans(), st.floats(0, 100)),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, (), (OBS,)]),
)
def test_nobody_s_stream_is_ever_ended(
    health: IngestHealth, is_heard: bool, is_on_air: bool, publishers: tuple[Publisher, ...] | None
) -> None:
    """Whatever else is the case, a stream that the program receives goes on."""
    situation = Situation(
        NOW, publishers, unreachable=60.0, is_heard=is_heard, is_on_air=is_on_air, ingest=health
    )
    assert not (restarts(situation) and is_heard)
