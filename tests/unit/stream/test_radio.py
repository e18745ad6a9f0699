"""Sound on a clock of its own: placed at now, held back, left out when it is too early, or over."""

from restream_agent.stream.flv import Tag
from restream_agent.stream.held import HELD_LIMIT
from restream_agent.stream.output import Output, Sound
from restream_agent.stream.radio import Radio
from restream_agent.stream.timeline import LIVE_LEAD_LIMIT, Timeline
from tests.unit.stream.flv_making import sound

LONGEST = LIVE_LEAD_LIMIT + HELD_LIMIT


def begun() -> tuple[Radio, Output]:
    """Return a radio that heard its first tag, of 7000 ms on its clock, at 1000 ms."""
    timeline = Timeline()
    output = Output(timeline)
    radio = Radio(output, timeline.last)
    assert stamps(radio.hear(sound(7000, 1), None, 1000)) == [1000]
    return radio, output


def stamps(tags: list[Tag]) -> list[int]:
    """Return the timestamps of tags."""
    return [tag.timestamp for tag in tags]


def test_the_first_sound_is_heard_at_once() -> None:
    """What follows keeps its distance to it."""
    radio, output = begun()
    assert (radio.is_on, output.sound) == (True, Sound.LIVE)
    assert stamps(radio.hear(sound(7030, 1), None, 1025)) == [1030]


def test_sound_is_placed_whatever_its_clock_says() -> None:
    """Also if that is close to the program's."""
    timeline = Timeline()
    assert stamps(Radio(Output(timeline), timeline.last).hear(sound(1200, 1), None, 1000)) == [1000]


def test_a_burst_is_sent_in_real_time() -> None:
    """The lead is that of live, to the millisecond."""
    radio, _ = begun()
    for at in range(100, LIVE_LEAD_LIMIT + 1, 50):
        assert stamps(radio.hear(sound(7000 + at, 1), None, 1000)) == [1000 + at]
    assert radio.next_at() is None
    assert radio.hear(sound(7001 + LIVE_LEAD_LIMIT, 1), None, 1000) == []
    assert radio.next_at() == 1001
    assert stamps(radio.tick(1001)) == [1001 + LIVE_LEAD_LIMIT]


def test_sound_that_comes_too_early_is_left_out() -> None:
    """If more than HELD_LIMIT is held back; the next tag is heard at once."""
    radio, _ = begun()
    for at in range(50, LONGEST + 1, 50):
        radio.hear(sound(7000 + at, 1), None, 1000)
    assert radio.next_at() == 1050
    assert radio.hear(sound(7001 + LONGEST, 1), None, 1000) == []
    assert radio.next_at() is None
    assert stamps(radio.hear(sound(20_000, 1), None, 1900)) == [1900]


def test_sound_that_stops_is_over_after_a_stall() -> None:
    """Since the last tag that could be sent; what was never on is not over."""
    radio, _ = begun()
    radio.hear(sound(7020, 1), None, 1020)
    assert [radio.is_over(now, 1000) for now in (2019, 2020)] == [False, True]
    assert not Radio(Output(Timeline()), {}).is_over(9000, 1000)


def test_the_end_gives_the_sound_back() -> None:
    """Nothing of it is sent any more; another beginning is placed anew."""
    radio, output = begun()
    radio.hear(sound(8000, 1), None, 1020)
    radio.end(None)
    assert (radio.is_on, radio.next_at(), radio.tick(5000)) == (False, None, [])
    assert stamps(radio.hear(sound(100, 1), None, 6000))[-1] == 6000
    assert output.sound is Sound.LIVE
