"""FLV, written independently of the product: the kind of a tag, files from RTMP messages and back. Pure.

It follows Adobe's "Video File Format" 10.1, annex E, and the enhanced RTMP headers (Veovera, v2) of newer
codecs.
"""

from collections.abc import Iterable

from tests.lab.rtmp import AUDIO, DATA, VIDEO, RtmpMessage

FILE_HEADER = b"FLV\x01\x05\x00\x00\x00\x09" + bytes(4)
SET_DATA_FRAME = b"\x02\x00\x0d@setDataFrame"  # an AMF0 string: "keep the metadata that follows"
ENHANCED = 0x80
AAC, AVC = 10, 7
ENHANCED_SOUND, MULTITRACK = 9, 5
SEQUENCE_END = 2


def is_media(message: RtmpMessage) -> bool:
    """Tell whether a message is audio or video, headers included."""
    return message.kind in (AUDIO, VIDEO)


def is_coded(message: RtmpMessage) -> bool:
    """Tell whether a message is coded sound or picture, and no sequence header, sequence end or metadata."""
    payload = message.payload
    if len(payload) < 2:
        return False
    if message.kind == AUDIO:
        if payload[0] >> 4 == ENHANCED_SOUND:
            packet = payload[1] if payload[0] & 0x0F == MULTITRACK else payload[0]
            return packet & 0x0F == 1
        return payload[0] >> 4 != AAC or payload[1] != 0
    if message.kind != VIDEO:
        return False
    if payload[0] & ENHANCED:
        return payload[0] & 0x0F in (1, 3)  # CodedFrames, CodedFramesX
    return payload[0] & 0x0F != AVC or payload[1] == 1


def is_video_header(message: RtmpMessage) -> bool:
    """Tell whether a message is a video sequence header."""
    if message.kind != VIDEO or len(message.payload) < 2:
        return False
    first, second = message.payload[:2]
    return first & 0x0F == 0 if first & ENHANCED else first & 0x0F == AVC and second == 0


def is_keyframe(message: RtmpMessage) -> bool:
    """Tell whether a message is a keyframe."""
    return message.kind == VIDEO and is_coded(message) and (message.payload[0] >> 4) & 7 == 1


def presentation_time(message: RtmpMessage) -> int:
    """Return the presentation time of a coded H.264 picture in ms: timestamp plus composition time."""
    if message.payload[0] & ENHANCED:
        return message.timestamp
    return message.timestamp + int.from_bytes(message.payload[2:5], signed=True)


def file_of(messages: Iterable[RtmpMessage]) -> bytes:
    """Return an FLV file of these messages with unchanged timestamps."""
    tags = (tag(message) for message in messages if message.kind in (AUDIO, VIDEO, DATA))
    return FILE_HEADER + b"".join(tags)


def tag(message: RtmpMessage) -> bytes:
    """Return one FLV tag with the length field that follows it."""
    body = message.payload
    if message.kind == DATA:
        body = body.removeprefix(SET_DATA_FRAME)
    stamp = message.timestamp.to_bytes(4)
    head = bytes([message.kind]) + len(body).to_bytes(3) + stamp[1:] + stamp[:1] + bytes(3)
    return head + body + (len(head) + len(body)).to_bytes(4)


def messages_in(data: bytes) -> list[RtmpMessage]:
    """Return the tags of an FLV file, with 0 as their time of arrival."""
    messages, position = [], len(FILE_HEADER)
    while position + 11 <= len(data):
        head = data[position : position + 11]
        start, size = position + 11, int.from_bytes(head[1:4])
        stamp = int.from_bytes(head[7:8] + head[4:7])
        messages.append(RtmpMessage(head[0] & 0x1F, stamp, data[start : start + size], 0.0))
        position = start + size + 4
    return messages


def codec(message: RtmpMessage) -> str:
    """Return the name of the codec of an audio or video message; its number in FLV if it has no name here."""
    first = message.payload[0]
    if message.kind == AUDIO:
        if first >> 4 == ENHANCED_SOUND:
            name = message.payload[2:6] if first & 0x0F == MULTITRACK else message.payload[1:5]
            return name.decode("latin-1").strip().lower()
        return {10: "aac", 2: "mp3"}.get(first >> 4, f"sound {first >> 4}")
    if first & ENHANCED:
        fourcc = message.payload[1:5].decode("latin-1")
        return {"hvc1": "hevc", "av01": "av1", "avc1": "h264"}.get(fourcc, fourcc)
    return {7: "h264", 12: "hevc"}.get(first & 0x0F, f"picture {first & 0x0F}")
