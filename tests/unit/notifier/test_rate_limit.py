"""The rate limit bounds the number of notices, keeps their order, and always ends with the newest news."""

from hypothesis import given
from hypothesis import strategies as st

from restream_agent.notifier.rate_limit import BURST, SUBJECTS, Notice, RateLimit
from restream_agent.wire.news import News, NewsKind

EVERY = 60.0
NAMES = ("on_air", "fallback", "live", "off_air", "platform_failing", "platform_recovered", "config_refused")

# Whole seconds, so that sums of them are exact; several events may share one.
HAPPENED = st.lists(
    st.tuples(
        st.integers(0, 40), st.sampled_from(NAMES), st.sampled_from(["twitch", "youtube"]), st.booleans()
    ),
    max_size=120,
)


def news(name: str, at: float = 0.0, platform: str | None = None) -> News:
    return News(NewsKind(name), platform, at, f"{name} {at:g}")


def play(happened: list[tuple[int, str, str, bool]]) -> tuple[list[News], list[tuple[float, Notice]]]:
    """Play news with pauses before each; the flag says whether notices can be sent just then."""
    limit, events, sent, now = RateLimit(EVERY), [], [], 0.0
    for pause, name, platform, is_reachable in happened:
        now += pause
        events.append(news(name, now, platform if name.startswith("platform") else None))
        assert limit.add(events[-1], now)
        if is_reachable:
            sent += [(now, each) for each in limit.take(now)]
    while (left := limit.due(now)) is not None:
        now += left
        sent += [(now, each) for each in limit.take(now)]
    return events, sent


@given(HAPPENED)
def test_the_notices_of_a_subject_are_limited(happened: list[tuple[int, str, str, bool]]) -> None:
    """Any stretch of time has at most the burst, and one notice for each interval."""
    events, sent = play(happened)
    for subject in {one.subject for one in events}:
        times = [now for now, each in sent if each.news.subject == subject]
        assert len(times) <= BURST + (times[-1] - events[0].at) // EVERY


@given(HAPPENED)
def test_the_newest_news_of_each_subject_is_sent_in_the_end(
    happened: list[tuple[int, str, str, bool]],
) -> None:
    """However the news was combined."""
    events, sent = play(happened)
    newest = {one.subject: one for one in events}
    assert newest == {each.news.subject: each.news for _, each in sent}


@given(HAPPENED)
def test_every_event_is_counted_once_and_in_order(happened: list[tuple[int, str, str, bool]]) -> None:
    """A subject's notices follow each other as the news did, and their counts add up."""
    events, sent = play(happened)
    for subject in {one.subject for one in events}:
        of_subject = [one for one in events if one.subject == subject]
        messages = [each for _, each in sent if each.news.subject == subject]
        ends = [sum(one.count for one in messages[: number + 1]) for number in range(len(messages))]
        assert ends[-1] == len(of_subject)
        assert [of_subject[end - 1] for end in ends] == [one.news for one in messages]


def test_the_first_few_are_sent_singly_and_the_rest_as_one() -> None:
    """A hundred changes within a minute are four notices; the last has the last state."""
    limit = RateLimit(EVERY)
    sent: list[Notice] = []
    for number in range(100):
        name = "platform_recovered" if number % 2 else "platform_failing"
        limit.add(news(name, number * 0.6, "twitch"), number * 0.6)
        sent += limit.take(number * 0.6)
    assert limit.due(60.0) == 0.0
    sent += limit.take(60.0)
    assert [(one.news.kind, one.count) for one in sent] == [
        ("platform_failing", 1),
        ("platform_recovered", 1),
        ("platform_failing", 1),
        ("platform_recovered", 97),
    ]
    assert sent[-1].text.endswith("(the last of 97 changes since the message before)")


def test_subjects_that_wait_together_are_sent_together_oldest_first() -> None:
    """Several subjects at once are one message."""
    limit = RateLimit(EVERY)
    events = [news("platform_failing", 1, "twitch"), news("fallback", 2), news("config_refused", 3)]
    for one in events:
        limit.add(one, one.at)
    assert limit.take(4.0) == tuple(map(Notice, events))
    assert limit.take(5.0) == ()


def test_news_that_cannot_be_sent_for_hours_stays_small() -> None:
    """The first three of a subject are kept, and all further ones as one notice."""
    limit = RateLimit(EVERY)
    for number in range(1000):
        limit.add(news("live", number * 100.0), number * 100.0)
    assert [one.count for one in limit.take(1e6)] == [1, 1, 1, 997]


def test_all_notices_can_be_taken_before_they_are_due() -> None:
    """As the end of the process does."""
    limit = RateLimit(EVERY)
    for number in range(5):
        limit.add(news("live", number), 0.0)
    assert [one.count for one in limit.take_all()] == [1, 1, 1, 2]
    assert limit.due(0.0) is None


def test_it_is_idle_when_a_new_one_would_act_the_same() -> None:
    """It is not idle soon after a notice: the end of the process must not forget that notice."""
    limit = RateLimit(EVERY)
    limit.add(news("live"), 0.0)
    limit.take(0.0)
    assert not limit.is_idle(59.0)
    assert limit.is_idle(60.0)


def test_too_many_subjects_are_refused() -> None:
    """The number of notices that wait is bounded."""
    limit = RateLimit(EVERY)
    taken = [limit.add(news("platform_failing", 0.0, str(number)), 0.0) for number in range(SUBJECTS + 1)]
    assert taken == [True] * SUBJECTS + [False]
