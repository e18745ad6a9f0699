"""The reader of a tap's files, also of half-written files, and the FLV made from them."""

from pathlib import Path

from tests.lab.flv import FILE_HEADER, file_of
from tests.lab.rtmp import AUDIO, DATA, HANDSHAKE_BYTES, RtmpMessage
from tests.lab.tap import RECORD
from tests.lab.taps import TapReader

SOUND = b"\xaf\x01\x00"
CHUNK = b"\x04" + bytes(3) + len(SOUND).to_bytes(3) + bytes([AUDIO]) + bytes(4) + SOUND


def record(seconds: int, data: bytes) -> bytes:
    return RECORD.pack(seconds * 10**9, len(data)) + data


def test_a_connection_is_followed_while_it_is_written(tmp_path: Path) -> None:
    """A half record is read once its other half is written; empty records mark begin and end."""
    written = record(1, b"") + record(2, bytes(HANDSHAKE_BYTES)) + record(3, CHUNK) + record(4, b"")
    reader, cut = TapReader(tmp_path), len(written) - 20
    with (tmp_path / "0001.tap").open("wb", buffering=0) as file:
        file.write(written[:cut])
        (connection,) = reader.update()
        assert (connection.opened, connection.closed, connection.has_media()) == (1.0, None, False)
        file.write(written[cut:])
    (connection,) = reader.update()
    assert connection.closed == 4.0
    assert connection.messages == [RtmpMessage(AUDIO, 0, SOUND, arrived=3.0)]


def test_metadata_is_stored_without_rtmps_envelope() -> None:
    """In a file, the script tag begins with onMetaData, and each tag is followed by its length."""
    meta = b"\x02\x00\x0aonMetaData\x05"
    message = RtmpMessage(DATA, 0x01020304, b"\x02\x00\x0d@setDataFrame" + meta, arrived=0.0)
    head = bytes([DATA]) + len(meta).to_bytes(3) + b"\x02\x03\x04\x01" + bytes(3)
    assert file_of([message]) == FILE_HEADER + head + meta + (11 + len(meta)).to_bytes(4)
