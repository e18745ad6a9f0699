"""A server's messages as FLV tags: which are the stream's, and that nothing in them changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.rtmp import amf0
from restream_agent.rtmp.chunks import ChunkMessage
from restream_agent.rtmp.errors import ProtocolError
from restream_agent.rtmp.tags import HEADER, encode, tags
from restream_agent.stream import flv

BODIES = st.binary(min_size=1, max_size=400).filter(lambda body: not body.startswith(b"\x02"))
KINDS = st.sampled_from([flv.AUDIO, flv.VIDEO, flv.SCRIPT])
STAMPS = st.integers(0, 2**32 - 1)
TAGS = st.lists(st.builds(flv.Tag, KINDS, STAMPS, BODIES), max_size=10)


@given(KINDS, STAMPS, BODIES)
def test_a_tag_is_written_as_the_program_reads_it(kind: int, stamp: int, body: bytes) -> None:
    """This room writes tags itself, so that live@ starts sooner; stream/flv.py is the reader."""
    tag = flv.Tag(kind, stamp, body)
    assert encode(kind, stamp, body) == flv.encode(tag)
    assert flv.Reader().feed(HEADER + encode(kind, stamp, body)) == [tag]


@given(KINDS, STAMPS, BODIES)
def test_a_message_is_one_tag_with_its_body_and_timestamp(kind: int, stamp: int, body: bytes) -> None:
    """Whatever the codec, and whatever the timestamp."""
    assert tags(ChunkMessage(6, kind, 1, stamp, body)) == [encode(kind, stamp, body)]


@given(TAGS, STAMPS)
def test_an_aggregate_message_is_its_tags(stream: list[flv.Tag], stamp: int) -> None:
    """Their timestamps count from the message's own (7.1.6)."""
    found = tags(ChunkMessage(6, 22, 1, stamp, b"".join(map(flv.encode, stream))))
    first = stream[0].timestamp if stream else 0
    shifted = (flv.Tag(tag.kind, tag.timestamp - first + stamp, tag.body) for tag in stream)
    assert found == [flv.encode(tag) for tag in shifted]


@pytest.mark.parametrize("missing", [1, 5, 14])
def test_an_aggregate_message_that_ends_inside_a_tag_is_refused(missing: int) -> None:
    """A tag that is longer than its message is not a tag."""
    with pytest.raises(ProtocolError, match="inside a tag"):
        tags(ChunkMessage(6, 22, 1, 0, encode(9, 0, b"abc")[:-missing]))


def test_of_an_aggregate_message_the_stream_alone_passes() -> None:
    """Other kinds of tags, and tags without a body, are left out."""
    body = encode(9, 0, b"a") + encode(3, 0, b"b") + encode(8, 0, b"") + encode(8, 7, b"c")
    assert tags(ChunkMessage(6, 22, 1, 0, body)) == [encode(9, 0, b"a"), encode(8, 7, b"c")]


def test_data_in_amf3_is_data_behind_one_more_byte() -> None:
    """Some encoders send onMetaData so."""
    body = amf0.encode("onMetaData", {"width": 640.0})
    assert tags(ChunkMessage(5, 15, 1, 3, b"\0" + body)) == [encode(flv.SCRIPT, 3, body)]


@pytest.mark.parametrize(
    "message",
    [
        ChunkMessage(5, 18, 1, 0, amf0.encode("|RtmpSampleAccess", True, True)),
        ChunkMessage(5, 18, 1, 0, amf0.encode("onStatus", {"code": "NetStream.Data.Start"})),
        ChunkMessage(6, 8, 1, 0, b""),
        ChunkMessage(3, 20, 1, 0, amf0.encode("onStatus", 0.0, None)),
        ChunkMessage(2, 4, 0, 0, b"\0\x06\0\0\0\0"),
    ],
    ids=["sample access", "status as data", "sound without a body", "command", "ping"],
)
def test_what_the_server_says_for_itself_is_no_tag(message: ChunkMessage) -> None:
    """It is not the publisher's, and a platform must not see it."""
    assert tags(message) == []
