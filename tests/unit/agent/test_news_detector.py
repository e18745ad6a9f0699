"""What is news, and what is not."""

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest

from restream_agent.agent.news_detector import (
    FAILING_AFTER,
    OFFSET_AFTER,
    RECOVERED_AFTER,
    Moment,
    NewsDetector,
    ToldNews,
)
from restream_agent.agent.relay_health import RelayState
from restream_agent.systemd.channels import Channel

WELL = {"twitch": RelayState.DELIVERING, "kick": RelayState.DELIVERING}
ILL = {**WELL, "kick": RelayState.REFUSING}
LIVE = ToldNews(state="live")


def told(moments: Iterable[Moment], *, before: ToldNews = LIVE) -> list[str]:
    """Return the events of moments that are a second apart."""
    teller = NewsDetector(before, Channel())
    return [news.kind for second, moment in enumerate(moments) for news in teller.look(moment, float(second))]


@pytest.mark.parametrize(
    ("states", "events"),
    [
        (
            ["off air", "opening", "live", "fallback", "live", "off air"],
            ["on_air", "fallback", "live", "off_air"],
        ),
        (["off air", "fallback"], ["on_air"]),
        (["off air", "opening", "fallback", "live"], ["on_air", "fallback", "live"]),
        (["live", "on air", "live"], ["on_air"]),
        (["live", "live"], ["on_air"]),
        (["off air", "fallback", "opening", "opening", "live"], ["on_air", "live"]),
        (["off air", "fallback", "opening"], ["on_air"]),
        (["off air", "live", "opening", "live"], ["on_air"]),
    ],
)
def test_the_channels_changes_are_told_once(states: list[str], events: list[str]) -> None:
    """A program that says nothing for a while is no change of what it plays."""
    assert told([Moment(state) for state in states], before=ToldNews()) == events


def test_a_fallback_says_why() -> None:
    """As the program gives it."""
    assert NewsDetector(LIVE, Channel()).look(Moment("fallback", "stall"), 0.0)[0].text == (
        "the fallback is shown: the publisher's stream went silent"
    )
    picture = Moment("fallback", "stall", stalled="picture")
    assert NewsDetector(LIVE, Channel()).look(picture, 0.0)[0].text == (
        "the fallback is shown: the publisher's picture stopped, its sound goes on"
    )


def test_a_dead_port_and_its_recovery_are_told_once() -> None:
    """At once: the agent has tried the port twice. A restarted agent does not repeat it."""
    dead, well = Moment("live", is_port_dead=True), Moment("live")
    assert told([dead, dead, well, well]) == ["ingest_failing", "ingest_recovered"]
    before = ToldNews.from_json(json.loads(json.dumps(ToldNews("live", is_port_dead=True).as_json())))
    assert told([dead], before=before) == []


def test_a_renewal_is_announced_once_for_each_connection() -> None:
    """With what it means; a restarted agent does not repeat it."""
    old, new = Moment("live", renewals={"kick": 5.25 * 86_400}), Moment("live", renewals={"kick": None})
    unknown, off_air = Moment("live"), Moment("off air")
    assert told([new, old, old, unknown, old]) == ["platform_renewal"]
    assert told([old, new, old]) == ["platform_renewal"] * 2
    assert told([old, off_air, Moment("live"), old]).count("platform_renewal") == 2
    before = ToldNews.from_json(
        json.loads(json.dumps(ToldNews("live", renewals=frozenset({"kick"})).as_json()))
    )
    assert told([old], before=before) == []
    (news,) = NewsDetector(LIVE, Channel()).look(old, 0.0)
    assert (news.subject, news.kind.is_trouble) == ("platform kick", False)
    assert news.text == (
        "kick will be connected anew, at night (3:00 to 5:00) or during the fallback: the timestamps of its "
        "connection end in 5.2 days"
    )


def test_codecs_that_no_platform_gets_are_told_once() -> None:
    """Again only after OBS has sent others; not when it reconnects, nor by a restarted agent."""
    well, gone = Moment("live", is_sending=True), Moment("fallback")
    hevc = Moment("fallback", is_sending=True, unplayable=("OBS sends HEVC",))
    both = Moment("fallback", is_sending=True, unplayable=("OBS sends HEVC", "OBS sends Opus"))
    before = ToldNews("fallback")
    assert told([hevc, hevc, gone, hevc, both], before=before) == ["codec_refused", "codec_refused"]
    assert told([hevc, replace(well, state="fallback"), hevc], before=before) == ["codec_refused"] * 2
    kept = ToldNews.from_json(
        json.loads(json.dumps(ToldNews("fallback", unplayable=hevc.unplayable).as_json()))
    )
    assert told([hevc], before=kept) == []
    (news,) = NewsDetector(before, Channel()).look(hevc, 0.0)
    assert (news.text, news.subject, news.kind.is_trouble) == ("OBS sends HEVC", "codec", True)


def test_sound_that_stays_off_its_picture_is_told_and_so_is_its_end() -> None:
    """Once each, after a while, whatever is not known in between; a restarted agent does not repeat it."""
    off, well = (Moment("live", offsets={"kick": offset}) for offset in (28.0, 0.06))
    unknown = Moment("live")
    seconds = int(OFFSET_AFTER) + 2
    assert told([off] * (seconds - 4) + [well] * 5) == []
    assert told([off] * seconds + [unknown] * 5 + [off] * seconds) == ["platform_out_of_sync"]
    assert told([off] * seconds + [well] * seconds) == ["platform_out_of_sync", "platform_in_sync"]
    before = ToldNews.from_json(
        json.loads(json.dumps(ToldNews("live", out_of_sync=frozenset({"kick"})).as_json()))
    )
    assert told([off] * seconds, before=before) == []
    detector = NewsDetector(LIVE, Channel())
    (news,) = [each for second in range(seconds) for each in detector.look(off, float(second))]
    assert news.text == "kick gets sound 28.00 s behind its picture: systemctl restart ffmpeg-relay@kick"
    assert (news.kind.is_trouble, news.subject) == (True, "platform kick")


def test_a_platform_that_gets_nothing_is_told_after_a_while_and_its_recovery_too() -> None:
    """Once each, about that platform."""
    seconds = int(FAILING_AFTER) + 5
    moments = [Moment("live", relays=ILL)] * seconds + [Moment("live", relays=WELL)] * seconds
    assert told(moments) == ["platform_failing", "platform_recovered"]


def test_a_relay_that_reconnects_at_once_is_no_news() -> None:
    """Nor is one that flaps faster than that."""
    short = [Moment("live", relays=ILL)] * int(FAILING_AFTER - 2) + [Moment("live", relays=WELL)]
    assert told(short * 20) == []


def test_a_flapping_platform_that_is_failing_has_to_be_well_for_a_while() -> None:
    """Recovery is told when it lasts."""
    failing = [Moment("live", relays=ILL)] * 15
    flapping = ([Moment("live", relays=WELL)] * int(RECOVERED_AFTER - 2) + [Moment("live", relays=ILL)]) * 20
    assert told([*failing, *flapping]) == ["platform_failing"]


@pytest.mark.parametrize(
    "moment",
    [
        Moment("off air", relays={"kick": RelayState.OFF}),
        Moment("live", relays={"kick": RelayState.STOPPED}),
    ],
)
def test_a_platform_that_cannot_get_anything_does_not_fail(moment: Moment) -> None:
    """Off air, or stopped by hand."""
    assert "platform_failing" not in told([moment] * 60)


@pytest.mark.parametrize("state", ["live", "fallback", "opening", "on air"])
def test_a_dead_program_is_told_as_well(state: str) -> None:
    """Whatever it is that keeps everything from the platforms; "on air" is a program that says nothing."""
    assert told([Moment(state, relays=ILL)] * 60, before=ToldNews("live")).count("platform_failing") == 1


def test_a_relay_that_gives_up_is_told_again() -> None:
    """Once, and as recovered when it delivers."""
    given_up = [Moment("live", relays={"kick": RelayState.GIVEN_UP})] * 30
    failing, well = [Moment("live", relays=ILL)] * 15, [Moment("live", relays=WELL)] * 15
    kinds = told([*failing, *given_up, *well], before=ToldNews("live"))
    assert kinds == ["platform_failing", "platform_failing", "platform_recovered"]
    assert told(given_up, before=ToldNews("live")) == ["platform_failing"]


def test_an_end_of_the_broadcast_ends_a_platforms_failing() -> None:
    """The next broadcast begins anew."""
    teller = NewsDetector(ToldNews("live", frozenset({"kick"})), Channel())
    teller.look(Moment("off air", relays=ILL), 0.0)
    assert teller.told.failing == frozenset()


def test_a_refused_configuration_is_told_once_for_each_try() -> None:
    """By the run of apply that failed."""
    runs = ["", "a", "a", "b", "", ""]
    assert told([Moment("live", refused=run) for run in runs]) == ["config_refused"] * 2


def test_what_was_told_survives_a_restart() -> None:
    """As JSON; a restarted agent tells neither again nor anew."""
    before = ToldNews("fallback", frozenset({"kick"}), "run-7")
    after = ToldNews.from_json(json.loads(json.dumps(before.as_json())))
    assert after == before
    assert told([Moment("fallback", relays=ILL, refused="run-7")] * 30, before=after) == []


def test_news_names_its_channel_where_there_are_several() -> None:
    """In the text and in a field of its own."""
    for channel in (Channel("es"), Channel("main", frozenset({"es"}))):
        (news,) = NewsDetector(ToldNews(), channel).look(Moment("live"), 0.0)
        assert (news.channel, news.text) == (channel.name, f"{channel.name}: on air: live")
    (news,) = NewsDetector(ToldNews(), Channel()).look(Moment("live"), 0.0)
    assert (news.channel, news.text) == ("", "on air: live")


def test_news_of_the_machine_is_told_once_and_names_no_channel() -> None:
    """By main."""
    moment = Moment("off air", refused="run-1", is_port_dead=True)
    news = NewsDetector(ToldNews(), Channel("main", frozenset({"es"}))).look(moment, 0.0)
    assert [(each.channel, each.kind) for each in news] == [("", "config_refused"), ("", "ingest_failing")]
    assert NewsDetector(ToldNews(), Channel("es")).look(moment, 0.0) == []


def test_a_remedy_has_the_unit_of_the_channel_s_relay() -> None:
    """As a user types it."""
    detector = NewsDetector(LIVE, Channel("es"))
    moment = Moment("live", relays=WELL, offsets={"twitch": 0.5})
    detector.look(moment, 0.0)
    (news,) = detector.look(moment, OFFSET_AFTER)
    unit = f"ffmpeg-relay@{Channel('es').relay('twitch')}"
    assert news.text == f"es: twitch gets sound 0.50 s behind its picture: systemctl restart {unit}"
