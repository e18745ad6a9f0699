"""What `status` shows of several channels."""

from dataclasses import replace
from typing import Any

import click
import pytest

from restream_agent.base.errors import RestreamError
from restream_agent.cli import channel_view
from restream_agent.cli.channel_view import part
from restream_agent.cli.status_words import headline
from restream_agent.wire.status_report import ChannelsReport, PublisherStatus, StatusReport
from tests.unit.cli.test_status_view import RELAY, remarks, status, table

LIVE = status(twitch=RELAY)
OFF_AIR = replace(LIVE, state="off air", live=None, since=None, listen="0.0.0.0:1935")


def answer(main: StatusReport, **others: StatusReport) -> dict[str, Any]:
    """Return what the agent answers."""
    return ChannelsReport({"main": main, **others}).as_table()


def text(whole: dict[str, Any], name: str | None, *, every: bool) -> str:
    """Return what a terminal without colours shows."""
    return click.unstyle(channel_view.text(whole, name, every=every))


def test_one_channel_is_shown_as_ever() -> None:
    """No name, no further line."""
    assert text(answer(LIVE), None, every=False) == table(LIVE)
    assert part(answer(LIVE), None) == LIVE.as_table()


def test_main_is_shown_in_full_and_the_others_with_a_line_each() -> None:
    """The line names relays that are in trouble."""
    troubled = status(twitch=replace(RELAY, state="refusing"), youtube=RELAY)
    shown = text(answer(LIVE, en=OFF_AIR, es=troubled), None, every=False)
    main, _, others = shown.rpartition("\n\n")
    assert main == f"main: {table(LIVE)}"
    assert others.splitlines() == [
        "en: OFF AIR, waiting for OBS at rtmp://HOST:1935/live, 1 relay",
        "es: LIVE for 5s - 1280x720, 30 fps, 3.0 Mb/s, keyframe every 2 s, 2 relays, twitch refusing",
    ]


def test_main_without_platforms_is_one_line_too() -> None:
    """The broadcast is elsewhere; what the machine lacks is still said."""
    idle = replace(OFF_AIR, relays={}, config="refused")
    main, remark, es = text(answer(idle, es=LIVE), None, every=False).splitlines()
    assert main.startswith("main: OFF AIR")
    assert remark.startswith("last edit not applied")
    assert es.startswith("es: LIVE")


def test_a_channel_is_shown_in_full_by_name_and_all_with_all() -> None:
    """What is wrong with the machine is said once with --all, at main."""
    down = replace(LIVE, port="down")
    whole = answer(down, es=down)
    assert text(whole, "es", every=False) == f"es: {table(down)}"
    assert remarks(down)[0].startswith("ingest server: accepts no connections")
    every = text(whole, None, every=True)
    assert every.endswith(f"\n\nes: {table(LIVE)}")
    assert every.count("accepts no connections") == 1


def test_systemd_s_refusal_is_said_at_the_channel_that_it_is_about() -> None:
    """It may be a unit of that channel alone, which main has not asked for."""
    whole = answer(LIVE, es=replace(LIVE, systemd="refuses"))
    for shown in (text(whole, "es", every=False), text(whole, None, every=True)):
        assert shown.count("systemd does not let") == 1
    assert text(whole, None, every=False).endswith(", 1 relay, systemd refuses")


def test_hints_name_the_channel_and_its_units() -> None:
    """They can be typed as they are."""
    failed = replace(OFF_AIR, preparation="failed", publisher=PublisherStatus("es", "192.0.2.1"))
    shown = text(answer(LIVE, es=failed), "es", every=False)
    assert "restream-agent on-air es shows it" in shown
    assert "journalctl -u restream-fallback-prepare@es)" in shown
    # Without a name, a main that has no platform is an error of the command.
    idle = replace(failed, relays={})
    assert "restream-agent on-air main shows it" in text(answer(idle, es=LIVE), None, every=False)
    assert "restream-agent on-air shows it" in text(answer(idle), None, every=False)


def test_an_unknown_channel_is_an_error_that_names_those_there_are() -> None:
    """In words and in JSON."""
    whole = answer(LIVE, es=LIVE)
    for show in (text, part):
        with pytest.raises(RestreamError, match="no channel fr") as error:
            show(whole, "fr", **({"every": False} if show is text else {}))
        assert error.value.hint == "the channels are main, es"


def test_the_json_of_a_channel_is_a_part_of_the_whole() -> None:
    """Without a name it is what the agent answers."""
    whole = answer(LIVE, es=OFF_AIR)
    assert part(whole, None) == whole
    assert part(whole, "main") == LIVE.as_table()
    assert part(whole, "es") == OFF_AIR.as_table()


def test_a_channel_in_one_line_has_its_hold_and_its_codecs_if_they_are_unusual() -> None:
    """What is as always is left out."""
    holds = replace(LIVE, state="fallback", live=None, hold_left=90.2)
    assert headline(holds) == "FALLBACK for 5s - off air in 1min 30s"
    assert LIVE.live is not None
    hevc = replace(LIVE, live=replace(LIVE.live, video_codec="hevc", audio_codec="aac"))
    assert headline(hevc) == "LIVE for 5s - 1280x720, 30 fps, 3.0 Mb/s, hevc, keyframe every 2 s"


def test_a_failed_unit_is_named_where_its_channel_is() -> None:
    """Shared ones with the machine."""
    failed = replace(LIVE, failed_units=("restream-forget@es.service", "restream-notify.service"))
    shown = text(answer(failed, es=failed), None, every=True)
    main, es = shown.split("\n\nes: ")
    assert ("restream-forget@es.service" in main, "restream-notify.service" in main) == (False, True)
    assert ("restream-forget@es.service" in es, "restream-notify.service" in es) == (True, False)
