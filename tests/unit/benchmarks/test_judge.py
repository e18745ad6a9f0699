"""The figures of a tool's broadcast, from what was sent and what arrived."""

from benchmarks.media.broadcast import Event, Record
from benchmarks.media.judge import Evidence, handoffs, last_second, latencies, lost_connections
from benchmarks.media.packets import Packet, Reception

FRAME = 0.02
LATE = 0.01


def _live(first: int, start: float, end: float) -> dict[int, float]:
    """Return a picture each FRAME seconds with its number and when it was sent."""
    return {first + at: start + at * FRAME for at in range(round((end - start) / FRAME))}


def _evidence(
    events: list[Event], sent: dict[int, float], slate: tuple[float, float] | None = None
) -> Evidence:
    """Everything sent arrives LATE seconds later; the fallback plays between two times."""
    packets = [Packet(at + LATE, number, True) for number, at in sent.items()]
    if slate:
        packets += [Packet(at, None, True) for at in _live(0, *slate).values()]
    packets.sort(key=lambda packet: packet.arrived)
    record = Record(began=0.0, ended=60.0, events=events, sent=sent)
    return Evidence(record, Reception(packets, [(0.0, None)], 0))


class TestHandoffs:
    def test_the_gap_of_a_drop_is_the_silence_until_the_fallback(self) -> None:
        """Live until 10 s, the fallback from 10.5 s on."""
        (found,) = handoffs(_evidence([Event("drop", 10.0, 16.0)], _live(1, 0, 10), (10.5, 17)))
        assert found.gap_ms is not None
        assert 500 <= found.gap_ms + 1000 * (FRAME - LATE) < 520
        assert found.fallback_ms is not None
        assert round(found.fallback_ms) == 500
        assert found.live_ms is None

    def test_a_drop_after_which_nothing_comes_has_no_gap(self) -> None:
        """No figure, rather than a flattering one."""
        (found,) = handoffs(_evidence([Event("drop", 10.0, 16.0)], _live(1, 0, 10)))
        assert found.gap_ms is None
        assert found.fallback_ms is None

    def test_the_gap_of_the_next_event_is_not_that_of_the_one_before(self) -> None:
        """A kill and then a restart: its silence begins with the last packet before it."""
        sent = _live(1, 0, 5) | _live(1000, 5.1, 10) | _live(2000, 12, 20)
        events = [Event("killed", 5.0, 10.0), Event("restart", 10.0, 15.0)]
        gaps = [found.gap_ms for found in handoffs(_evidence(events, sent)) if found.gap_ms is not None]
        assert [round(gap, -2) for gap in gaps] == [100, 2000]

    def test_every_event_has_a_silence_cut_at_its_ends(self) -> None:
        """A drop without a fallback is silent until the next event, and no longer."""
        (found,) = handoffs(_evidence([Event("drop", 10.0, 16.0)], _live(1, 0, 9.995)))
        assert 5980 < found.silence_ms <= 6000

    def test_what_comes_with_the_next_event_does_not_end_the_silence_of_a_drop(self) -> None:
        """A tool without a fallback sends again when the publisher is back: that is the return's."""
        sent = _live(1, 0, 10) | _live(10_000, 16.2, 20)
        (found,) = handoffs(_evidence([Event("drop", 10.0, 16.0)], sent))
        assert found.gap_ms is None

    def test_the_gap_of_a_return_is_the_silence_around_the_first_new_picture(self) -> None:
        """The fallback ends at 20 s, live comes at 20.3 s."""
        sent = _live(1, 0, 10) | _live(10_000, 20.3, 26)
        (found,) = handoffs(_evidence([Event("return", 18.0, 24.0)], sent, (10, 20)))
        assert found.gap_ms is not None
        assert 300 < found.gap_ms < 340
        assert found.live_ms is not None
        assert round(found.live_ms) == 2310

    def test_old_pictures_are_no_return(self) -> None:
        """A tool that still empties its buffer shows what was sent before the event."""
        (found,) = handoffs(_evidence([Event("return", 5.0, 9.0)], _live(1, 0, 4.995), (5, 10)))
        assert found.live_ms is None
        assert found.gap_ms is None

    def test_a_return_after_nothing_is_no_hand_off(self) -> None:
        """A tool without a fallback had nothing to hand over from."""
        sent = _live(1, 0, 10) | _live(10_000, 18.3, 26)
        (found,) = handoffs(_evidence([Event("return", 18.0, 24.0)], sent))
        assert found.was_silent
        assert found.gap_ms is None
        assert found.live_ms is not None


class TestLatencies:
    def test_without_events_every_packet_is_of_the_steady_state(self) -> None:
        """As with the direct push."""
        found = latencies(_evidence([], _live(1, 0, 10)))
        assert {round(late) for late in found.steady} == {10}
        assert len(found.steady) == 500
        assert found.after == []

    def test_the_first_seconds_after_a_return_are_apart(self) -> None:
        """Three seconds after the first picture it is steady again."""
        sent = _live(1, 10, 18)
        found = latencies(_evidence([Event("return", 10.0, 18.0)], sent, (0, 10)))
        assert len(found.after) == 100
        assert len(found.steady) == 249  # the first picture arrives LATE after it was sent


class TestConnections:
    def test_a_connection_that_ends_while_events_are_played_is_lost(self) -> None:
        """One that ends after it, with the container, is not."""
        evidence = _evidence([], {})
        evidence.reception.connections = [(0.0, 5.0), (6.0, 61.0), (7.0, None)]
        assert lost_connections(evidence) == 1


class TestLastSecond:
    def test_tells_what_part_of_the_last_second_arrived(self) -> None:
        """Half of it was lost."""
        evidence = _evidence([], _live(1, 9, 10))
        del evidence.reception.packets[25:]
        assert last_second(evidence, 10.0) == 0.5
