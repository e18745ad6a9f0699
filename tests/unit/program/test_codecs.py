"""Codecs and tracks, through the program as a process: what a relay receives."""

from pathlib import Path

from restream_agent.stream.enhanced import codec
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from tests.unit.program.program_running import NEVER, LiveSender, RelayReader, RunningProgram, flv
from tests.unit.program.test_loop import (
    FALLBACK_FILE,
    LIVE,
    assert_increasing,
    has_from,
    live_stream,
)
from tests.unit.stream.flv_making import as_mp3

BODIES = {tag.body for tag in FALLBACK_FILE if tag.kind == AUDIO and tag.is_media}


def with_second_track(tags: list[Tag]) -> list[Tag]:
    """Put a second sound track beside the first, as OBS does."""
    tracks = []
    for tag in tags:
        tracks.append(tag)
        if tag.kind == AUDIO:
            packet = bytes([0x95, 0 if tag.is_sequence_header else 1])
            tracks.append(Tag(AUDIO, tag.timestamp, packet + b"mp4a\x01" + tag.body[2:]))
    return tracks


def test_a_second_sound_track_is_not_passed_on_and_is_named_once(tmp_path: Path) -> None:
    """ffmpeg 5.1 fails at it (issue 11, 5). The first track plays, through a reconnect too."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        for _ in range(2):
            with LiveSender(program, with_second_track(live_stream())):
                relay.read(has_from(relay, LIVE), "live")
                relay.read_more()
            relay.read(lambda: not has_from(relay, LIVE)(), "the fallback")
        assert {tag.body[0] for tag in relay.tags} == {0x17, 0x27, 0xAF}
        line = "sound track 2 (aac) is not played"
        program.wait(lambda: program.errors.read_text().count(line) == 1, line)


def test_tracks_that_are_damaged_end_nothing(tmp_path: Path) -> None:
    """Whatever a tag of several tracks holds, the connection goes on."""
    damaged = [
        Tag(kind, at, bytes([first, *rest]))
        for at, (kind, first) in enumerate(((AUDIO, 0x95), (VIDEO, 0x96), (AUDIO, 0x97), (VIDEO, 0xD6)))
        for rest in (b"", b"\x11", b"\x31mp4a\x00", b"\xff\xff\xff", b"\x21mp4a")
    ]
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program,
        RelayReader(program) as relay,
        LiveSender(program, [*damaged, *live_stream()]),
    ):
        relay.read(has_from(relay, LIVE), "live")
        relay.read_more(60)
        assert has_from(relay, LIVE)()


def as_hevc(tags: list[Tag]) -> list[Tag]:
    """Return the same pictures as HEVC would be sent."""
    return [
        Tag(VIDEO, tag.timestamp, bytes([0x90 | tag.body[1]]) + b"hvc1" + tag.body[2:])
        if tag.kind == VIDEO
        else tag
        for tag in tags
    ]


def test_a_picture_that_cannot_be_carried_reaches_no_relay_and_is_said(tmp_path: Path) -> None:
    """ffmpeg 5.1 reads no HEVC in FLV: it is left out, and the journal has its name once."""
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=300, carried=("h264", "aac")) as program,
        RelayReader(program) as relay,
    ):
        for _ in range(2):
            with LiveSender(program, as_hevc(live_stream(1500))):
                relay.read_more(60)
        assert {tag.body[0] for tag in relay.tags if tag.kind == VIDEO} == {0x17, 0x27}
        assert program.errors.read_text().count("hevc is left out") == 1


def test_a_picture_that_can_be_carried_is_passed_on(tmp_path: Path) -> None:
    """As it came."""
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER, carried=("h264", "hevc", "aac")) as program,
        RelayReader(program) as relay,
        LiveSender(program, as_hevc(live_stream())),
    ):
        relay.read(has_from(relay, LIVE), "live")
        relay.read_more()
        assert {tag.body[:5] for tag in relay.tags if tag.kind == VIDEO} == {b"\x90hvc1", b"\x91hvc1"}


def codecs_of(tags: list[Tag]) -> set[str]:
    """Return the codecs of pictures and sound."""
    return {codec(tag) for tag in tags if tag.is_media}


def newest_picture(relay: RelayReader) -> str:
    """Return the codec of the last picture that has arrived."""
    return codec([tag for tag in relay.media if tag.kind == VIDEO][-1])


def test_the_fallback_is_the_one_in_the_codec_of_live(tmp_path: Path) -> None:
    """The first of the files is in another: a relay could not take it."""
    fitting = tmp_path / "slate.flv"
    fitting.write_bytes(flv(as_hevc(FALLBACK_FILE)))
    files = (str(tmp_path / "fallback.flv"), str(fitting))
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER, fallback=files) as program,
        RelayReader(program) as relay,
    ):
        with LiveSender(program, as_hevc(live_stream())):
            relay.read(has_from(relay, LIVE), "live")
            relay.read_more(60)
        relay.read(lambda: not has_from(relay, LIVE)(), "the fallback")
        relay.read_more()
        assert codecs_of(relay.tags) == {"hevc", "aac"}


def test_a_fallback_that_is_made_in_the_codec_of_live_is_played_at_once(tmp_path: Path) -> None:
    """The preparation takes a while after the first publish. Until then there is only the other codec."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        with LiveSender(program, as_hevc(live_stream())):
            relay.read(has_from(relay, LIVE), "live")
            relay.read_more(60)
        relay.read(lambda: newest_picture(relay) == "h264", "the fallback that is there")
        (tmp_path / "new.flv").write_bytes(flv(as_hevc(FALLBACK_FILE)))
        (tmp_path / "new.flv").rename(tmp_path / "fallback.flv")
        relay.read(lambda: newest_picture(relay) == "hevc", "the fallback in the codec of live")
        assert_increasing(relay.tags)
        assert program.errors.read_text().count("now fallback") == 1


def test_a_relay_that_began_in_another_codec_begins_anew_once(tmp_path: Path) -> None:
    """ffmpeg and the platform take no other codec within a connection. Relays that fit stay."""
    fitting = tmp_path / "slate.flv"
    fitting.write_bytes(flv(as_hevc(FALLBACK_FILE)))
    files = (str(tmp_path / "fallback.flv"), str(fitting))
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=100, fallback=files) as program,
        RelayReader(program) as old,
    ):
        old.read_more()
        with LiveSender(program, as_hevc(live_stream())):
            program.wait(lambda: "begins anew" in program.errors.read_text(), "the end of the relay")
            with RelayReader(program) as new:
                new.read(has_from(new, LIVE), "live")
                new.read_more(60)
                assert codecs_of(new.tags) == {"hevc", "aac"}
        program.wait(lambda: "now fallback (drop" in program.errors.read_text(), "the fallback")
        assert program.errors.read_text().count("begins anew") == 1


def test_a_fallback_with_sound_in_the_codec_of_live_is_played_once_it_is_made(tmp_path: Path) -> None:
    """Until then the relays get its pictures and silence in the codec of live."""
    with (
        RunningProgram(tmp_path, as_mp3(FALLBACK_FILE), opening=NEVER) as program,
        RelayReader(program) as relay,
    ):
        with LiveSender(program, live_stream()):
            relay.read(has_from(relay, LIVE), "live")
            relay.read_more(60)
        program.wait(lambda: "now fallback" in program.errors.read_text(), "the fallback")
        relay.read_more(60)
        (tmp_path / "new.flv").write_bytes(flv(FALLBACK_FILE))
        (tmp_path / "new.flv").rename(tmp_path / "fallback.flv")
        relay.read(lambda: relay.media[-1].body in BODIES, "the fallback's own sound")
        assert codecs_of(relay.tags) == {"h264", "aac"}
        assert_increasing(relay.tags)


def test_sound_alone_in_another_codec_reaches_a_relay_that_began_with_the_fallback(tmp_path: Path) -> None:
    """The fallback is still in the codecs of an earlier broadcast (MP3), and there is no live picture."""
    alone = [tag for tag in live_stream(8000) if tag.kind == AUDIO]
    with RunningProgram(tmp_path, as_mp3(FALLBACK_FILE), opening=100) as program, RelayReader(program) as old:
        old.read_more()
        assert codecs_of(old.tags) == {"h264", "mp3"}
        with LiveSender(program, alone):
            program.wait(lambda: "begins anew" in program.errors.read_text(), "the end of the relay")
            with RelayReader(program) as new:
                new.read_more(60)
                assert codecs_of(new.tags) == {"h264", "aac"}
