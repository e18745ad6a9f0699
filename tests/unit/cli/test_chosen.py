"""Which channels a command is for."""

from dataclasses import replace
from pathlib import Path

import click
import pytest

from restream_agent.base.channel_paths import paths_of
from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.cli.chosen import channels, for_each, has_platforms
from restream_agent.systemd.channels import MAIN, MAIN_CHANNEL, Channel
from restream_agent.wire import records
from restream_agent.wire.settings import AgentSettings

SETTINGS = AgentSettings(
    api="", rtmp="", hold=None, relays={"twitch": "127.0.0.2"}, stall=30.0, server="srs", source="",
    standby=False, matches_live=True, takes_any_key=False, silence=None, notifies=False, listen="",
    credentials={},
)  # fmt: skip
THREE = (Channel(MAIN, frozenset({"en", "es"})), Channel("en"), Channel("es"))


def install(root: Path, *names: str, platforms: bool = True) -> None:
    """Install channels as apply does."""
    for name in names:
        file = locate(root, paths_of(name).agent_settings)
        file.parent.mkdir(parents=True, exist_ok=True)
        settings = SETTINGS if platforms else replace(SETTINGS, relays={})
        file.write_text(records.to_file(settings))


def test_a_machine_with_one_channel_needs_no_name(tmp_path: Path) -> None:
    """It is main, even if its settings cannot be read; no other name is known."""
    assert channels(None, every=False, root=tmp_path) == (MAIN_CHANNEL,)
    assert channels(None, every=True, root=tmp_path) == (MAIN_CHANNEL,)
    with pytest.raises(RestreamError, match="no channel es") as error:
        channels("es", every=False, root=tmp_path)
    assert error.value.hint == "the channels are main"


def test_without_a_name_main_is_meant(tmp_path: Path) -> None:
    """A name means that channel, and --all means every channel."""
    install(tmp_path, MAIN, "es", "en")
    assert channels(None, every=False, root=tmp_path) == THREE[:1]
    assert channels("es", every=False, root=tmp_path) == THREE[2:]
    assert channels(None, every=True, root=tmp_path) == THREE
    with pytest.raises(RestreamError, match="no channel fr") as error:
        channels("fr", every=False, root=tmp_path)
    assert error.value.hint == "the channels are main, en, es"


def test_main_without_platforms_is_hardly_meant(tmp_path: Path) -> None:
    """The error says which channels there are; main can still be named."""
    install(tmp_path, MAIN, platforms=False)
    assert channels(None, every=False, root=tmp_path) == (MAIN_CHANNEL,)
    install(tmp_path, "es", "en")
    with pytest.raises(RestreamError, match=r"which channel.*en, es"):
        channels(None, every=False, root=tmp_path)
    assert channels(MAIN, every=False, root=tmp_path) == THREE[:1]
    assert [has_platforms(each, tmp_path) for each in THREE] == [False, True, True]


def test_a_name_and_all_is_wrong_usage(tmp_path: Path) -> None:
    """One of them is a mistake."""
    with pytest.raises(click.UsageError):
        channels("es", every=True, root=tmp_path)


def test_messages_name_the_channel_where_there_are_several() -> None:
    """Also the message of one channel; a machine with one channel says what it always said."""
    assert list(for_each((MAIN_CHANNEL,), lambda _: "on air")) == ["on air"]
    assert list(for_each(THREE[1:2], lambda _: "off air")) == ["en: off air"]
    assert list(for_each(THREE, lambda each: each.name * 2)) == ["main: mainmain", "en: enen", "es: eses"]


def test_a_channel_that_fails_keeps_no_other_from_its_turn() -> None:
    """The error comes at the end, with the name of each channel that failed."""
    turns = []

    def act(channel: Channel) -> str:
        turns.append(channel.name)
        if channel.name != "es":
            raise RestreamError("is stuck", hint="wait")
        return "done"

    messages = list[str]()
    with pytest.raises(RestreamError) as error:
        messages += for_each(THREE, act)
    assert (turns, error.value.message) == (["main", "en", "es"], "main: is stuck\nen: is stuck")
    assert error.value.hint == "wait"


def test_the_error_of_the_only_channel_is_as_it_was() -> None:
    """No name is in front of it."""

    def act(_: Channel) -> str:
        raise RestreamError("is stuck")

    with pytest.raises(RestreamError, match=r"^is stuck"):
        list(for_each((MAIN_CHANNEL,), act))
