"""One codec of sound for each broadcast, through the program as a process: what relays that stay receive."""

import signal
from collections.abc import Callable
from pathlib import Path

from restream_agent.program.crash_state import JsonFile
from restream_agent.program.last_codecs import LastCodecs
from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from tests.unit.program.program_running import NEVER, LiveSender, RelayReader, RunningProgram
from tests.unit.program.test_codecs import BODIES, as_hevc, codecs_of
from tests.unit.program.test_loop import (
    FALLBACK,
    FALLBACK_FILE,
    LIVE,
    assert_increasing,
    live_stream,
)
from tests.unit.stream.flv_making import as_mp3, origin

PICTURES = [tag for tag in live_stream() if tag.kind == VIDEO]


def shows(relay: RelayReader, source: int) -> Callable[[], bool]:
    """Return whether the newest picture that the relay got is from a source; sound may be silence."""

    def is_shown() -> bool:
        picture = next((tag for tag in reversed(relay.media) if tag.kind == VIDEO), None)
        return picture is not None and origin(picture)[0] == source

    return is_shown


def come_and_go(program: RunningProgram, relay: RelayReader, tags: list[Tag]) -> None:
    """A publisher is live for a while; the relay has the fallback after it."""
    with LiveSender(program, tags):
        relay.read(shows(relay, LIVE), "live")
        relay.read_more(60)
    relay.read(shows(relay, FALLBACK), "the fallback")


def assert_silent_live(program: RunningProgram, relay: RelayReader) -> None:
    """A publisher with MP3 is live, with silence in AAC, and the relay that had AAC stays."""
    with LiveSender(program, as_mp3(live_stream())):
        relay.read(shows(relay, LIVE), "live again")
        relay.read_more(60)
        assert codecs_of(relay.tags) == {"h264", "aac"}
    relay.read(shows(relay, FALLBACK), "the fallback again")
    assert_increasing(relay.tags)
    said = program.errors.read_text()
    assert said.count("mp3 is left out, the platforms' connections have aac") == 1
    assert "begins anew" not in said


def test_sound_in_another_codec_than_relays_have_been_live_in_is_silence(tmp_path: Path) -> None:
    """A relay's connection is worth more than the sound of a publisher who can change his codec."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        come_and_go(program, relay, live_stream())
        assert_silent_live(program, relay)


def test_a_restarted_program_knows_what_its_relays_have(tmp_path: Path) -> None:
    """It has taken over their connections."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        come_and_go(program, relay, live_stream())
        program.kill()
        program.start()
        assert_silent_live(program, relay)


def test_without_a_relay_another_codec_of_sound_is_taken(tmp_path: Path) -> None:
    """The next relay begins with it."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program:
        with RelayReader(program) as old, LiveSender(program, live_stream()):
            old.read(shows(old, LIVE), "live")
            old.read_more(60)
        program.wait(lambda: "relay disconnected" in program.errors.read_text(), "the end of the relay")
        program.wait(lambda: "now fallback" in program.errors.read_text(), "the fallback")
        with LiveSender(program, as_mp3(live_stream())), RelayReader(program) as new:
            new.read(lambda: "mp3" in codecs_of(new.tags[-5:]), "its sound")


def test_another_picture_brings_its_sound(tmp_path: Path) -> None:
    """The relays begin anew because of the picture, so they can take the sound too."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as old:
        with LiveSender(program, live_stream()):
            old.read(shows(old, LIVE), "live")
            old.read_more(60)
        with LiveSender(program, as_mp3(as_hevc(live_stream()))):
            program.wait(lambda: "begins anew" in program.errors.read_text(), "the end of the relay")
            with RelayReader(program) as new:
                new.read(lambda: codecs_of(new.tags) == {"hevc", "mp3"}, "both tracks")


def test_silence_that_stands_for_live_sound_is_the_codec_of_the_broadcast(tmp_path: Path) -> None:
    """After a publisher without sound, a fallback in MP3 is heard as silence in AAC."""
    with (
        RunningProgram(tmp_path, as_mp3(FALLBACK_FILE), opening=NEVER) as program,
        RelayReader(program) as relay,
    ):
        come_and_go(program, relay, PICTURES)
        relay.read_more(60)
        assert codecs_of(relay.tags) == {"h264", "aac"}


def beginnings(relay: RelayReader) -> int:
    """Count how often the fallback began at its start."""
    pictures = [tag for tag in relay.media if tag.kind == VIDEO]
    return sum(origin(tag) == (FALLBACK, 0) for tag in pictures)


def test_a_muted_fallback_plays_on(tmp_path: Path) -> None:
    """No file fits, so none is begun anew."""
    with (
        RunningProgram(tmp_path, as_mp3(FALLBACK_FILE), opening=NEVER) as program,
        RelayReader(program) as relay,
    ):
        come_and_go(program, relay, PICTURES)
        relay.read_more(200)
        assert beginnings(relay) <= 2


def test_a_publisher_who_is_not_shown_changes_nothing(tmp_path: Path) -> None:
    """Not during the operator's break, and not after it has gone."""
    with RunningProgram(tmp_path, FALLBACK_FILE, standby=True) as program, RelayReader(program) as relay:
        (program.operator / "break").touch()
        program.process.send_signal(signal.SIGHUP)
        relay.read(shows(relay, FALLBACK), "the fallback")
        with LiveSender(program, as_mp3(live_stream())):
            relay.read_more(150)
        relay.read_more(150)
        assert beginnings(relay) <= 4
        assert relay.media[-1].body in BODIES or relay.media[-2].body in BODIES
        assert codecs_of(relay.tags) == {"h264", "aac"}


def test_a_crash_leaves_a_relay_its_codec(tmp_path: Path) -> None:
    """The fallback is in another one, and the program knows it still."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        come_and_go(program, relay, as_mp3(live_stream()))
        relay.read_more(40)
        program.kill()
        program.start()
        relay.read_more(80)
        assert codecs_of(relay.tags) == {"h264", "mp3"}


def test_after_a_crash_a_relay_with_another_picture_is_ended(tmp_path: Path) -> None:
    """It had joined while the fallback was still in the old codec."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program:
        with RelayReader(program) as old, LiveSender(program, as_hevc(live_stream())):
            old.read(lambda: "hevc" in codecs_of(old.tags), "live")
            old.read_more(60)
        program.wait(lambda: "now fallback" in program.errors.read_text(), "the fallback")
        with RelayReader(program) as relay:
            relay.read_more(20)
            program.kill()
            program.start()
            relay.read_more(20)
            with LiveSender(program, as_hevc(live_stream())):
                program.wait(lambda: "begins anew" in program.errors.read_text(), "the end of the relay")


def test_sound_whose_header_came_before_the_picture_keeps_it(tmp_path: Path) -> None:
    """Whether it is left out is not known yet."""
    first, second, *rest = as_hevc(live_stream())
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as old:
        with LiveSender(program, as_mp3(live_stream())):
            old.read(shows(old, LIVE), "live")
            old.read_more(60)
        with LiveSender(program, [second, first, *rest]):
            program.wait(lambda: "begins anew" in program.errors.read_text(), "the end of the relay")
            with RelayReader(program) as new:
                new.read_more(80)
                assert [tag for tag in new.tags if tag.kind == AUDIO and tag.is_sequence_header]


def test_a_picture_that_is_not_carried_brings_no_other_sound(tmp_path: Path) -> None:
    """The relays stay as they are."""
    carried = ("h264", "aac", "mp3")
    with (
        RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER, carried=carried) as program,
        RelayReader(program) as relay,
    ):
        come_and_go(program, relay, live_stream())
        with LiveSender(program, as_mp3(as_hevc(live_stream()))):
            relay.read_more(200)
        assert codecs_of(relay.tags) == {"h264", "aac"}
        assert "begins anew" not in program.errors.read_text()


def test_silence_that_was_live_counts_as_sound(tmp_path: Path) -> None:
    """A relay that has it takes no other codec."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        come_and_go(program, relay, PICTURES)
        assert_silent_live(program, relay)


def test_a_takeover_right_after_the_beginning_is_the_second_publisher_s(tmp_path: Path) -> None:
    """What the first has sent counts at once."""
    with RunningProgram(tmp_path, FALLBACK_FILE, opening=NEVER) as program, RelayReader(program) as relay:
        with LiveSender(program, live_stream()):
            relay.read(shows(relay, LIVE), "live")
            relay.read(lambda: any(tag.kind == AUDIO for tag in relay.media), "its sound")
            with LiveSender(program, as_mp3(live_stream())):
                relay.read_more(100)
        assert codecs_of(relay.tags) == {"h264", "aac"}


def test_codecs_that_cannot_be_kept_are_forgotten(tmp_path: Path) -> None:
    """A restarted program must not take old ones for those of its relays."""
    place = tmp_path / "codecs.json"
    codecs = LastCodecs(JsonFile(place))
    codecs.learn(picture="h264", sound="aac")
    assert LastCodecs(JsonFile(place)).sound == "aac"
    (tmp_path / "codecs.new").mkdir()
    codecs.learn(sound="mp3")
    assert (codecs.sound, LastCodecs(JsonFile(place)).sound) == ("mp3", "")
    for damaged in ("", "{", "[]", "null", "5", '{"a": "b"}', '{"8": null}', '{"8": 5}', '{"8": ["aac"]}'):
        place.write_text(damaged)
        assert LastCodecs(JsonFile(place)).sound == ""
