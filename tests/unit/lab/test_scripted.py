"""The scripted publisher's pure parts: AMF0, chunks, the script's file, numbers in frames."""

from hypothesis import given
from hypothesis import strategies as st

from tests.lab import amf, marks, script
from tests.lab.chunks import MessageWriter
from tests.lab.rtmp import AUDIO, DATA, EXTENDED, HANDSHAKE_BYTES, SET_CHUNK_SIZE, VIDEO, RtmpParser
from tests.lab.script import Manners, ScriptStep

SLICE = b"\x41abcdef"
DELIMITER, PARAMETERS = b"\x09\xf0", b"\x67parameters"


def units(*contents: bytes) -> bytes:
    return b"".join(len(one).to_bytes(4) + one for one in contents)


values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.dictionaries(st.text(min_size=1, max_size=9), inner, max_size=3),
    max_leaves=8,
)
tags = st.tuples(
    st.sampled_from((3, 63, 64, 319, 320, 65599)),
    st.sampled_from((AUDIO, VIDEO, DATA)),
    st.sampled_from((0, 1, 20, EXTENDED - 1, EXTENDED, EXTENDED + 40, 2**32 - 1)),
    st.binary(max_size=700),
)


@given(st.lists(values, max_size=4))
def test_commands_are_read_back(given_values: list[amf.Value]) -> None:
    """What AMF0 writes it reads."""
    assert amf.decode(amf.encode(*given_values)) == given_values


@given(st.lists(tags, max_size=12), st.sampled_from((128, 400, 4096)), st.booleans())
def test_messages_are_read_back(sent: list[tuple[int, int, int, bytes]], size: int, is_compact: bool) -> None:
    """An independent parser reads kinds, timestamps and bodies on any chunk stream, in any order of time."""
    writer, parser = MessageWriter(is_compact=is_compact), RtmpParser()
    data = bytes(HANDSHAKE_BYTES) + writer.write(2, SET_CHUNK_SIZE, size.to_bytes(4))
    for lane, kind, timestamp, body in sent:
        data += writer.write(lane, kind, body, stream=1, timestamp=timestamp)
    read = [(one.kind, one.timestamp, one.payload) for one in parser.feed(data, 0.0)]
    assert read == [(kind, timestamp, body) for _, kind, timestamp, body in sent]


def test_a_compact_writer_uses_short_headers() -> None:
    """The second message of equal length and step has a header of 1 byte and 3 bytes of time, then 1."""
    writer = MessageWriter()
    sizes = [len(writer.write(4, AUDIO, b"abc", stream=1, timestamp=20 * number)) for number in range(4)]
    assert sizes == [12 + 3, 4 + 3, 1 + 3, 1 + 3]


def test_a_script_is_read_back() -> None:
    """The file has manners and steps as they were, but for the moments, which are the judges' business."""
    manners = Manners(application="app", name="n?key=k", url=None, early="", lanes={8: 33, 9: 64, 18: 400})
    steps = [ScriptStep(0.0, VIDEO, 2**32 - 1, b"a"), ScriptStep(1.25, AUDIO, 0, b"", 1.0)]
    assert script.read(script.written(manners, steps)) == (
        manners,
        [ScriptStep(0.0, VIDEO, 2**32 - 1, b"a"), ScriptStep(1.25, AUDIO, 0, b"")],
    )


def test_a_number_stands_before_the_first_slice() -> None:
    """Delimiter and parameters stay in front, and the number is found in the body."""
    body = marks.mark(VIDEO, b"\x17\x01\0\0\0" + units(DELIMITER, PARAMETERS, SLICE), 42)
    assert marks.unit_types(body) == [9, 7, 6, 1]
    assert marks.number_in(body) == 42


def test_a_number_survives_parameters_that_are_put_in_front() -> None:
    """The product puts parameters into a cut's keyframe: the frame is still known."""
    body = marks.mark(VIDEO, b"\x17\x01\0\0\0" + units(SLICE), 7)
    assert marks.number_in(body[:5] + units(PARAMETERS) + body[5:]) == 7


def test_sound_has_its_number_in_front() -> None:
    """A data stream element of whole bytes leaves what follows as it was."""
    body = marks.mark(AUDIO, b"\xaf\x01rest", 99_999_999)
    assert (body[:2], body[-4:], marks.number_in(body)) == (b"\xaf\x01", b"rest", 99_999_999)


def test_other_bodies_have_no_number() -> None:
    """MP3, headers and strange pictures stay as they are."""
    for kind, body in ((AUDIO, b"\x2fmp3"), (AUDIO, b"\xaf\x00\x11\x90"), (VIDEO, b"\x90zzzz")):
        assert marks.mark(kind, body, 1) == body
        assert marks.number_in(body) is None


def test_an_av1_number_stands_after_the_sequence_header() -> None:
    """OBUs: a sequence header of 3 bytes, then a frame."""
    header, frame = b"\x0a\x03abc", b"\x32\x02xy"
    body = marks.mark(VIDEO, b"\x91av01" + header + frame, 5)
    assert body.startswith(b"\x91av01" + header)
    assert body.endswith(frame)
    assert marks.number_in(body) == 5


def test_a_hevc_number_stands_before_the_picture() -> None:
    """After the composition time of coded frames, and after parameters."""
    parameters, picture = b"\x40\x01vps", b"\x26\x01idr"
    body = marks.mark(VIDEO, b"\x91hvc1\0\0\0" + units(parameters, picture), 6)
    assert body.startswith(b"\x91hvc1\0\0\0" + units(parameters))
    assert body.endswith(units(picture))
    assert marks.number_in(body) == 6
