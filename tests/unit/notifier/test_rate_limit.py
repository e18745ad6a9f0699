"""What is told when: bounded in number, the newest always in the end, in order."""

from hypothesis import given
from hypothesis import strategies as st

from restream_agent.notifier.rate_limit import BURST, SUBJECTS, News, Notice, RateLimit
from restream_agent.wire.news import Kind

EVERY = 60.0
NAMES = ("on_air", "fallback", "live", "off_air", "platform_failing", "platform_recovered", "config_refused")

# Whole seconds, so that sums of them are exact; several events may share one.
HAPPENED = st.lists(
    st.tuples(
        st.integers(0, 40), st.sampled_from(NAMES), st.sampled_from(["twitch", "youtube"]), st.booleans()
    ),
    max_size=120,
)


def event(name: str, at: float = 0.0, platform: str | None = None) -> News:
    return News(Kind(name), platform, at, f"{name} {at:g}")


def play(happened: list[tuple[int, str, str, bool]]) -> tuple[list[News], list[tuple[float, Notice]]]:
    """Play events with pauses before each; the flag says whether somebody can be told just then."""
    grouping, events, told, now = RateLimit(EVERY), [], [], 0.0
    for pause, name, platform, is_reachable in happened:
        now += pause
        one = event(name, now, platform if name.startswith("platform") else None)
        events.append(one)
        assert grouping.add(one, now)
        if is_reachable:
            told += [(now, each) for each in grouping.take(now)]
    while (left := grouping.due(now)) is not None:
        now += left
        told += [(now, each) for each in grouping.take(now)]
    return events, told


@given(HAPPENED)
def test_a_subject_is_told_of_at_most_so_often(happened: list[tuple[int, str, str, bool]]) -> None:
    """In any stretch of time: the burst, and one for each interval in it."""
    events, told = play(happened)
    for subject in {one.subject for one in events}:
        times = [now for now, each in told if each.event.subject == subject]
        assert len(times) <= BURST + (times[-1] - events[0].at) // EVERY


@given(HAPPENED)
def test_the_newest_of_each_subject_is_told_in_the_end(happened: list[tuple[int, str, str, bool]]) -> None:
    """However it was grouped."""
    events, told = play(happened)
    newest = {one.subject: one for one in events}
    assert newest == {each.event.subject: each.event for _, each in told}


@given(HAPPENED)
def test_every_event_is_counted_once_and_in_order(happened: list[tuple[int, str, str, bool]]) -> None:
    """A subject's messages follow each other as the events did, and their counts add up."""
    events, told = play(happened)
    for subject in {one.subject for one in events}:
        of_subject = [one for one in events if one.subject == subject]
        messages = [each for _, each in told if each.event.subject == subject]
        ends = [sum(one.count for one in messages[: number + 1]) for number in range(len(messages))]
        assert ends[-1] == len(of_subject)
        assert [of_subject[end - 1] for end in ends] == [one.event for one in messages]


def test_the_first_few_are_told_each_and_the_rest_as_one() -> None:
    """A hundred changes within a minute are four messages; the last one has the last state."""
    grouping = RateLimit(EVERY)
    told: list[Notice] = []
    for number in range(100):
        name = "platform_recovered" if number % 2 else "platform_failing"
        grouping.add(event(name, number * 0.6, "twitch"), number * 0.6)
        told += grouping.take(number * 0.6)
    assert grouping.due(60.0) == 0.0
    told += grouping.take(60.0)
    assert [(one.event.event, one.count) for one in told] == [
        ("platform_failing", 1),
        ("platform_recovered", 1),
        ("platform_failing", 1),
        ("platform_recovered", 97),
    ]
    assert told[-1].text.endswith("(the last of 97 changes since the message before)")


def test_what_waits_together_is_told_together_oldest_first() -> None:
    """Several subjects at once are one delivery."""
    grouping = RateLimit(EVERY)
    events = [event("platform_failing", 1, "twitch"), event("fallback", 2), event("config_refused", 3)]
    for one in events:
        grouping.add(one, one.at)
    assert grouping.take(4.0) == tuple(map(Notice, events))
    assert grouping.take(5.0) == ()


def test_what_cannot_be_told_for_hours_stays_small() -> None:
    """The first three of a subject, and all further ones as one."""
    grouping = RateLimit(EVERY)
    for number in range(1000):
        grouping.add(event("live", number * 100.0), number * 100.0)
    assert [one.count for one in grouping.take(1e6)] == [1, 1, 1, 997]


def test_all_that_waits_can_be_had_before_its_time() -> None:
    """As at the end of the process."""
    grouping = RateLimit(EVERY)
    for number in range(5):
        grouping.add(event("live", number), 0.0)
    assert [one.count for one in grouping.take_all()] == [1, 1, 1, 2]
    assert grouping.due(0.0) is None


def test_it_is_idle_when_it_would_start_anew_the_same() -> None:
    """Not while a subject has been told of lately: the end of the process must not forget that."""
    grouping = RateLimit(EVERY)
    grouping.add(event("live"), 0.0)
    grouping.take(0.0)
    assert not grouping.is_idle(59.0)
    assert grouping.is_idle(60.0)


def test_too_many_subjects_are_refused() -> None:
    """What waits is bounded."""
    grouping = RateLimit(EVERY)
    taken = [grouping.add(event("platform_failing", 0.0, str(number)), 0.0) for number in range(SUBJECTS + 1)]
    assert taken == [True] * SUBJECTS + [False]
