"""The judge of faults reports every problem and nothing else; the report has the promised shape."""

import json
from dataclasses import replace

import pytest

from tests.chaos.catalogue import FAULTS, named
from tests.chaos.judge import Played, Seen, see
from tests.chaos.report import as_json
from tests.lab.rtmp import VIDEO, RtmpMessage
from tests.lab.taps import Connection

PICTURE = b"\x27\x01\x00\x00\x00"
STEP = 0.04
CALM = Seen(0, 90.0, 0)


def connection(start: float, end: float, *, closed: float | None = None) -> Connection:
    """Make a connection with a picture every 40 ms."""
    moments = [start + number * STEP for number in range(round((end - start) / STEP))]
    messages = [RtmpMessage(VIDEO, round(1000 * moment), PICTURE, moment) for moment in moments]
    return Connection(1, opened=start, closed=closed, messages=messages)


def played(
    *, concerns: tuple[str, ...] = (), healed: float | None = 1.0, said: tuple[str, ...] = (), **seen: Seen
) -> Played:
    platforms = {"alpha": CALM, "beta": CALM} | seen
    end, is_healed = "live", healed is not None
    result = Played("name", "text", "srs", concerns, 200.0, 100.0, end, is_healed, healed, platforms)
    return replace(result, complaints=said)


def test_a_platform_of_another_channel_may_neither_lose_a_connection_nor_fall_silent() -> None:
    """Not even if the fault concerns a platform of the same name. The bound is one of its own."""
    struck = played(concerns=("alpha",))
    assert replace(struck, bystanders={"north": CALM}).problems() == []
    assert replace(struck, bystanders={"alpha": replace(CALM, connections_lost=1)}).problems() != []
    assert replace(struck, bystanders={"north": replace(CALM, gap_ms=101.0)}).problems() != []
    assert replace(struck, platforms={"alpha": replace(CALM, gap_ms=101.0)}).problems() == []


def test_a_calm_stretch_costs_nothing() -> None:
    """A connection that stays open, with a packet every 40 ms."""
    seen = see([connection(0, 20)], 5, 15)
    assert (seen.connections_lost, seen.non_monotonic) == (0, 0)
    assert seen.gap_ms == pytest.approx(40, abs=1)


def test_a_connection_is_lost_if_it_carried_media_and_closed_meanwhile() -> None:
    """A connection that closed before the fault, or that was refused, does not count."""
    before = connection(0, 3, closed=3.0)
    refused = Connection(2, opened=6.0, closed=6.1)
    lost = connection(3, 8, closed=8.0)
    after = connection(9.0, 20, closed=20.0)
    seen = see([before, refused, lost, after], 5, 15)
    assert seen.connections_lost == 1
    assert seen.gap_ms == pytest.approx(1040, abs=1)


def test_a_timestamp_that_does_not_rise_is_counted_across_the_start() -> None:
    """The first packet after the fault is compared with the last one before it."""
    one = connection(0, 10)
    messages = [message for message in one.messages if message.arrived < 5 or message.arrived > 6]
    at = next(number for number, message in enumerate(messages) if message.arrived > 6)
    messages[at] = RtmpMessage(VIDEO, messages[at - 1].timestamp, PICTURE, messages[at].arrived)
    one.messages = messages
    assert see([one], 5.5, 9).non_monotonic == 1


def test_what_was_forgotten_still_counts_as_a_broadcast() -> None:
    """A connection whose messages were dropped from memory is lost like any other."""
    one = connection(0, 5, closed=12.0)
    one.forget(before=6.0)
    assert (one.messages, one.forgotten) == ([], 125)
    assert see([one], 10, 15).connections_lost == 1


def test_a_fault_within_its_bounds_is_ok() -> None:
    """There is no problem: a platform that the fault concerns may lose its connection and fall silent."""
    assert played().is_ok()
    assert played(concerns=("beta",), beta=Seen(1, 9000.0, 0)).problems() == []


@pytest.mark.parametrize(
    ("one", "problem"),
    [
        (played(beta=Seen(1, 90.0, 0)), "beta lost 1 connections"),
        (played(beta=Seen(0, 900.0, 0)), "a silence of 495 ms, more than the bound of 200 ms"),
        (
            played(concerns=("beta",), beta=Seen(1, 90.0, 2)),
            "beta: 2 packets whose timestamp does not increase",
        ),
        (played(healed=None), "did not end in the state live"),
        (played(said=("2 refused publishers",)), "2 refused publishers"),
    ],
)
def test_each_thing_that_is_wrong_is_said(one: Played, problem: str) -> None:
    """Other platforms lose no connection, no timestamp goes back, and the end state is right."""
    assert one.problems() == [problem]
    assert not one.is_ok()


def test_a_fault_that_concerns_everybody_has_no_gap_to_judge() -> None:
    """A reboot is such a fault."""
    lost = Seen(1, 9000.0, 0)
    one = played(concerns=("alpha", "beta"), alpha=lost, beta=lost)
    assert one.gap_ms() is None
    assert one.is_ok()


def test_the_report_has_the_keys_that_were_promised() -> None:
    """report.json has the promised keys, and more under other names."""
    (fault,) = json.loads(as_json([played(healed=None)]))["faults"]
    assert {"name", "server", "healed", "seconds_to_heal", "platforms"} <= fault.keys()
    assert (fault["healed"], fault["seconds_to_heal"], fault["ok"]) == (False, None, False)
    assert fault["platforms"]["alpha"] == {"connections_lost": 0, "gap_ms": 90.0, "non_monotonic": 0}


def test_every_fault_has_a_name_of_its_own() -> None:
    """A fault can be chosen by its name; an unknown name is an error."""
    names = [fault.name for fault in FAULTS]
    assert len(names) == len(set(names))
    assert named(()) == FAULTS
    assert [fault.name for fault in named((names[3],))] == [names[3]]
    with pytest.raises(KeyError, match="no-such"):
        named(("no-such",))
