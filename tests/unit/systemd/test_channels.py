"""The units of a channel, and systemd as a channel sees it."""

from subprocess import CompletedProcess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.systemd import unit_names
from restream_agent.systemd.channel_systemd import ChannelSystemd
from restream_agent.systemd.channels import MAIN, PER_CHANNEL, Channel

ES = Channel("es")
MAIN_BESIDE_ES = Channel(MAIN, frozenset({"es"}))
OWN = (*PER_CHANNEL, "ffmpeg-relay@twitch.service", "ffmpeg-relay@youtube-backup.service")
SHARED = (unit_names.AGENT_UNIT, unit_names.INGEST_UNIT, unit_names.APPLY_UNIT, "ffmpeg-relay@.service")
NAMES = {
    "restream.target": "restream@es.target",
    "fallback.service": "fallback@es.service",
    "fallback-live.socket": "fallback-live@es.socket",
    "restream-off-air.timer": "restream-off-air@es.timer",
    "ffmpeg-relay@twitch.service": "ffmpeg-relay@es.twitch.service",
    "ffmpeg-relay@*.service": "ffmpeg-relay@es.*.service",
    "live@*.service": "live@es.service",
    "live@es.service": "live@es.service",
}


@pytest.mark.parametrize(("plain", "unit"), NAMES.items())
def test_a_channel_has_instances_and_main_the_plain_names(plain: str, unit: str) -> None:
    """As the module's table says."""
    assert (ES.unit(plain), Channel().unit(plain)) == (unit, plain)


@pytest.mark.parametrize("plain", [*OWN, *SHARED])
@pytest.mark.parametrize("channel", [ES, MAIN_BESIDE_ES])
def test_a_unit_s_plain_name_comes_back(channel: Channel, plain: str) -> None:
    """plain is the inverse of unit."""
    assert channel.plain(channel.unit(plain)) == plain


@pytest.mark.parametrize("plain", OWN)
@pytest.mark.parametrize(
    ("owner", "other"), [(ES, MAIN_BESIDE_ES), (MAIN_BESIDE_ES, ES), (ES, Channel("en"))]
)
def test_a_unit_of_another_channel_is_refused(owner: Channel, other: Channel, plain: str) -> None:
    """No channel sees the units of another."""
    with pytest.raises(ValueError, match="not a unit of the channel"):
        other.plain(owner.unit(plain))


@given(st.from_regex(unit_names.INSTANCE, fullmatch=True))
def test_each_stream_belongs_to_one_channel(stream: str) -> None:
    """A channel's name is its stream; all other names are main's."""
    channels = (MAIN_BESIDE_ES, ES)
    assert [each.takes(stream) for each in channels].count(True) == 1
    owner = next(each for each in channels if each.takes(stream))
    assert owner.stream_of(unit_names.live_unit(stream)) == stream


def test_systemd_is_seen_under_plain_names() -> None:
    """What is asked for is the channel's; what comes back has main's names, without the others."""
    asked = list[tuple[str, ...]]()

    def runner(argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)) -> CompletedProcess[str]:
        asked.append(argv)
        names = (
            "restream@es.target",
            "ffmpeg-relay@es.twitch.service",
            "live@es.service",
            "live@main.service",
        )
        return CompletedProcess(argv, 0, "\n\n".join(f"Id={name}\nActiveState=active" for name in names))

    systemd = ChannelSystemd(ES, runner)
    systemd.change("start", (unit_names.TARGET,), reason="test")
    seen = systemd.units(unit_names.TARGET, "ffmpeg-relay@*.service")
    assert asked[0][-1] == "restream@es.target"
    assert asked[1][-2:] == ("restream@es.target", "ffmpeg-relay@es.*.service")
    assert set(seen) == {"restream.target", "ffmpeg-relay@twitch.service", "live@es.service"}


def test_each_word_to_systemd_names_the_channel_s_unit_once() -> None:
    """Whatever is asked of a unit, and in the stop of a unit that nobody waits for any more."""
    asked = list[str]()

    def runner(argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)) -> CompletedProcess[str]:
        asked.append(argv[argv.index("--unit") + 1] if "--unit" in argv else argv[-1])
        if argv[1] == "start":
            raise KeyboardInterrupt
        return CompletedProcess(argv, 0, "")

    systemd, relay = ChannelSystemd(ES, runner), "ffmpeg-relay@twitch.service"
    with pytest.raises(KeyboardInterrupt):
        systemd.run_unit(relay, reason="test", on_status=lambda _: None)
    systemd.kill(relay, reason="test")
    systemd.show(relay, "StatusText")
    systemd.last_words(relay)
    assert asked == ["ffmpeg-relay@es.twitch.service"] * 5


def test_a_machine_with_one_channel_has_main_alone() -> None:
    """Then nothing that is said has to name a channel."""
    assert [channel.has_siblings for channel in (Channel(), MAIN_BESIDE_ES, ES)] == [False, True, True]
