"""What ffmpeg must be able to do, and what is said of one that cannot."""

from dataclasses import replace

import pytest

from restream_agent.config.load import load
from restream_agent.deploy.ffmpeg_needs import (
    FfmpegAbilities,
    FfmpegNeed,
    judge_ffmpeg,
    judge_marks,
    needs,
    read_names,
    read_version,
)
from restream_agent.deploy.findings import fault, ok, warning

TOP = 'version = 1\n[ingest]\nkey = "any"\nlisten = "127.0.0.1:1935"\n'
PLATFORM = '[platforms.{0}]\nurl = "rtmps://{0}.example.org/app"\nkey = {{ credential = "{0}" }}\n'
WANTED = needs(load(TOP + PLATFORM.format("club"), source="restream.toml"))
LISTS = {kind: frozenset(need.name for need in WANTED if need.kind == kind) for kind in
         ("protocols", "encoders", "muxers", "demuxers", "filters")}  # fmt: skip
ABLE = FfmpegAbilities("7.1.5", LISTS)


def without(kind: str, name: str) -> FfmpegAbilities:
    return replace(ABLE, lists={**LISTS, kind: LISTS[kind] - {name}})


def test_an_ffmpeg_that_has_all_is_in_order() -> None:
    """With its version."""
    assert list(judge_ffmpeg(WANTED, ABLE)) == [ok("ffmpeg", "7.1.5, with all that the configuration needs")]


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("protocols", "rtmps", "ffmpeg 7.1.5 has no protocol rtmps; club needs it"),
        ("encoders", "libx264", "ffmpeg 7.1.5 has no encoder libx264; the fallback needs it"),
        ("muxers", "flv", "ffmpeg 7.1.5 has no muxer flv; every relay needs it"),
        ("filters", "drawtext", "ffmpeg 7.1.5 has no filter drawtext; the fallback needs it"),
    ],
)
def test_what_is_missing_is_a_fault_that_names_who_needs_it(kind: str, name: str, words: str) -> None:
    """Of each kind."""
    found = list(judge_ffmpeg(WANTED, without(kind, name)))
    assert found == [fault("ffmpeg", words, "apt install ffmpeg")]


def test_only_what_the_configuration_needs_is_asked_for() -> None:
    """rtmp for a platform that has it, an encoder for one that encodes; each of four users is counted."""
    plain = needs(load(TOP, source="restream.toml"))
    assert not {need.name for need in plain} & {"rtmp", "rtmps", "null"}
    four = TOP + "".join(PLATFORM.format(name) for name in "abcd") + 'video = { bitrate = "3000k" }\n'
    wanted = needs(load(four, source="restream.toml"))
    assert FfmpegNeed("encoders", "libx264", ("the fallback", "d")) in wanted
    assert "null" in {need.name for need in wanted}
    (missing,) = judge_ffmpeg(wanted, FfmpegAbilities("", {"protocols": frozenset({"pipe", "udp", "file"})}))
    assert missing.words == "ffmpeg has no protocol rtmps; a, b, c and 1 more need it"


def test_a_list_that_is_not_given_is_only_warned_of() -> None:
    """Nothing is known of what would be in it."""
    silent = replace(ABLE, lists={**LISTS, "filters": frozenset()})
    assert next(judge_ffmpeg(WANTED, silent)) == warning(
        "ffmpeg", "ffmpeg does not list its filters", "ffmpeg -filters"
    )


def test_an_ffmpeg_that_says_nothing_does_not_run() -> None:
    """For example because a library is missing."""
    (found,) = judge_ffmpeg(WANTED, FfmpegAbilities("", dict.fromkeys(LISTS, frozenset())))
    assert (found.grade, found.hint) == ("fault", "ffmpeg -version")


def test_an_ffmpeg_without_marks_is_only_warned_of() -> None:
    """Its relays work."""
    (found,) = judge_marks(has_marks=False)
    assert (found.grade, list(judge_marks(has_marks=True))) == ("warning", [])


def test_the_lists_of_ffmpeg_are_read() -> None:
    """Legends are no entries, and an entry may have several names."""
    protocols = "Supported file protocols:\nInput:\n  file\n  rtmp\nOutput:\n  rtmps\n"
    encoders = "Encoders:\n V..... = Video\n ------\n V....D libx264    libx264 H.264 (codec h264)\n"
    demuxers = "File formats:\n D. = Demuxing supported\n --\n D  live_flv  FLV\n D  mov,mp4  x\n"
    filters = "Filters:\n  T.. = Timeline support\n T.C drawtext          V->V       x\n ... fps  V->V  x\n"
    assert read_names("protocols", protocols) == {"file", "rtmp", "rtmps"}
    assert read_names("encoders", encoders) == {"libx264"}
    assert read_names("demuxers", demuxers) == {"live_flv", "mov", "mp4"}
    assert read_names("filters", filters) == {"drawtext", "fps"}
    assert read_version("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)\n") == "5.1.9-0+deb12u1"
    assert read_version("") == ""
