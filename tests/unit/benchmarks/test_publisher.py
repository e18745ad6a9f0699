"""What the publisher of the benchmarks sends, and what a platform's packets are reduced to."""

import itertools

from benchmarks.media.decoding import between
from benchmarks.media.packets import reduced
from benchmarks.media.publisher import frames, headers, round_ms
from tests.lab.marks import number_in
from tests.lab.rtmp import AUDIO, DATA, VIDEO, RtmpMessage

SLICE = (3).to_bytes(4) + b"\x65ab"
KEYFRAME, PICTURE = b"\x17\x01\x00\x00\x00" + SLICE, b"\x27\x01\x00\x00\x00" + SLICE
SOUND = b"\xaf\x01sound"
CLIP = [
    RtmpMessage(DATA, 0, b"\x02\x00\x0aonMetaData", 0.0),
    RtmpMessage(VIDEO, 0, b"\x17\x00\x00\x00\x00config", 0.0),
    RtmpMessage(AUDIO, 0, b"\xaf\x00config", 0.0),
    RtmpMessage(VIDEO, 0, KEYFRAME, 1.0),
    RtmpMessage(AUDIO, 0, SOUND, 1.01),
    RtmpMessage(AUDIO, 21, SOUND, 1.02),
    RtmpMessage(VIDEO, 33, PICTURE, 1.03),
]


class TestFrames:
    def test_every_frame_has_a_number_of_its_own(self) -> None:
        """In the second round, too."""
        steps = list(itertools.islice(frames(CLIP, 5), 8))
        assert [number_in(step.body) for step in steps] == list(range(5, 13))

    def test_the_rounds_follow_each_other_without_a_step_back(self) -> None:
        """A round ends where its last picture does."""
        steps = list(itertools.islice(frames(CLIP, 1), 8))
        assert [step.timestamp for step in steps] == [0, 0, 21, 33, 66, 66, 87, 99]
        assert [step.at for step in steps] == [stamp / 1000 for stamp in (0, 0, 21, 33, 66, 66, 87, 99)]

    def test_headers_and_metadata_come_once(self) -> None:
        """They are sent before the first frame."""
        assert [step.kind for step in headers(CLIP)] == [DATA, VIDEO, AUDIO]

    def test_a_round_is_as_long_as_its_longer_track(self) -> None:
        """Here the picture's: 66 ms."""
        assert round_ms(CLIP[3:]) == 66


class TestReduced:
    def test_a_packet_of_the_publisher_has_its_number_and_others_have_none(self) -> None:
        """Headers are no packets."""
        step = next(frames(CLIP, 7))
        numbered = RtmpMessage(step.kind, step.timestamp, step.body, 2.0)
        found = reduced([*CLIP, numbered])
        assert [packet.number for packet in found] == [None] * 4 + [7]
        assert [packet.is_picture for packet in found] == [True, False, False, True, True]


class TestBetween:
    def test_what_is_decoded_begins_with_a_keyframe_and_has_the_headers(self) -> None:
        """Without a keyframe before it, a picture is a decoder's message by itself."""
        later = [RtmpMessage(VIDEO, 66, PICTURE, 2.0), RtmpMessage(VIDEO, 99, KEYFRAME, 3.0)]
        assert between([*CLIP, *later], 1.5, 4.0) == [*CLIP[:3], later[1]]

    def test_what_comes_after_the_end_is_left_out(self) -> None:
        """The first cycle is decoded, not the whole broadcast."""
        assert between(CLIP, 0.5, 1.015) == CLIP[:5]
