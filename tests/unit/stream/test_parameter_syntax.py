"""Every part that decoder parameters may have: the size is found behind it.

The parts are written as the specifications have them (ITU-T H.264 7.3.2.1, H.265 7.3.2.2, AV1 5.5).
"""

from dataclasses import replace

import pytest

from restream_agent.stream.flv import AUDIO, VIDEO, Tag
from restream_agent.stream.parameters import PictureShape, SoundShape, picture_shape, sound_shape
from tests.unit.stream.bit_writing import Written, se, u, ue

NONE = Written()
NO = u(1, 0)
OF_DECODING = ue(2)
FRAMES = u(1, 1)
H264 = PictureShape("h264", 1280, 720, "high")
MAIN = PictureShape("h264", 1280, 720, "main")


def avc(unit: bytes) -> Tag:
    """Return the sequence header of H.264 with an SPS, and bytes that belong to no SPS behind it."""
    record = b"\x01\x64\x00\x1f\xff\xe1" + len(unit).to_bytes(2, "big") + unit + b"\xff" * 8
    return Tag(VIDEO, 0, b"\x17\x00\x00\x00\x00" + record)


def sps(
    chroma: Written = NONE,
    order: Written = OF_DECODING,
    rows: int = 45,
    fields: Written = FRAMES,
    crop: Written = NO,
    vui: Written = NO,
) -> Tag:
    """Return an SPS: of the profile High if something is said of chroma, of Main otherwise; 80 columns."""
    profile = 100 if chroma.bits else 77
    bits = u(8, 0x67, profile, 0, 31) + ue(0) + chroma + ue(4) + order + ue(1) + u(1, 0)
    bits += ue(79, rows - 1) + fields + u(1, 0) + crop + vui + u(1, 1)
    return avc(bits.as_bytes())


def lists(*present: Written | None) -> Written:
    """Return scaling lists; None is a list that is not there."""
    bits = [u(1, 0) if each is None else u(1, 1) + each for each in present]
    return sum(bits, NONE)


FLAT = se(*[0] * 16)
STEPS = se(8, -8, 4, 4, *[0] * 12)
WRAPS = se(-6, -6, *[0] * 14)  # 2, then 252: less than 0
ENDS = se(4, -12)  # 12, then 0: the rest of the list is like what is before it
AT_ONCE = se(-8)
LARGE = se(*[1] * 64)

CHROMA = {
    "4:2:0": ue(1, 0, 0) + u(1, 0, 0),
    "monochrome": ue(0, 0, 0) + u(1, 0, 0),
    "4:2:2": ue(2, 0, 0) + u(1, 0, 0),
    "4:4:4": ue(3) + u(1, 0) + ue(0, 0) + u(1, 0, 0),
    "no lists": ue(1, 0, 0) + u(1, 0, 1) + lists(*[None] * 8),
    "12 lists": ue(3) + u(1, 0) + ue(0, 0) + u(1, 0, 1) + lists(*[None] * 12),
    "lists": ue(1, 0, 0) + u(1, 0, 1) + lists(FLAT, STEPS, None, WRAPS, ENDS, AT_ONCE, LARGE, LARGE),
    "an end in a large list": ue(1, 0, 0) + u(1, 0, 1) + lists(*[None] * 6, se(*[0] * 60, -8), None),
}


@pytest.mark.parametrize("chroma", CHROMA.values(), ids=CHROMA)
def test_what_is_said_of_chroma_and_scaling_is_skipped(chroma: Written) -> None:
    """Up to a list that wraps around, and one that ends early."""
    assert picture_shape(sps(chroma)) == H264


ORDERS = {
    "by itself": ue(0, 4),
    "of a cycle": ue(1) + u(1, 0) + se(-3, 5) + ue(2) + se(7, -9),
    "of an empty cycle": ue(1) + u(1, 1) + se(0, 0) + ue(0),
    "of decoding": ue(2),
}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_the_picture_order_is_skipped(order: Written) -> None:
    """In each of its three kinds."""
    assert picture_shape(sps(order=order)) == MAIN


def test_a_cycle_without_end_costs_little() -> None:
    """More references than a picture can have are not read."""
    order = ue(1) + u(1, 0) + se(0, 0) + ue(60_000) + u(1, *[1] * 3000)
    assert picture_shape(sps(order=order)).codec == "h264"


CROPS = {
    "4:2:0": ("4:2:0", u(1, 1), 1280 - 2 * 3, 720 - 2 * 7),
    "4:2:2": ("4:2:2", u(1, 1), 1280 - 2 * 3, 720 - 7),
    "4:4:4": ("4:4:4", u(1, 1), 1280 - 3, 720 - 7),
    "monochrome": ("monochrome", u(1, 1), 1280 - 3, 720 - 7),
    "of fields": ("4:2:0", u(1, 0, 0), 1280 - 2 * 3, 1440 - 4 * 7),
}


@pytest.mark.parametrize(("chroma", "fields", "width", "height"), CROPS.values(), ids=CROPS)
def test_a_picture_is_cropped_in_steps_of_its_chroma(
    chroma: str, fields: Written, width: int, height: int
) -> None:
    """At all four sides; a picture of fields has twice the rows."""
    cropped = u(1, 1) + ue(1, 2, 3, 4)
    assert picture_shape(sps(CHROMA[chroma], fields=fields, crop=cropped)) == replace(
        H264, width=width, height=height
    )


def test_planes_of_their_own_are_cropped_pixel_by_pixel() -> None:
    """Each of the three colours is a picture without chroma."""
    planes = ue(3) + u(1, 1) + ue(0, 0) + u(1, 0, 0)
    assert picture_shape(sps(planes, crop=u(1, 1) + ue(0, 3, 0, 7))) == replace(H264, width=1277, height=713)


RANGES = {
    "no VUI": (u(1, 0), False),
    "an aspect": (u(1, 1, 1) + u(8, 1) + u(1, 0, 1) + u(3, 5) + u(1, 1, 0), True),
    "an aspect of its own": (u(1, 1, 1) + u(8, 255) + u(16, 4, 3) + u(1, 0, 1) + u(3, 5) + u(1, 1, 0), True),
    "overscan": (u(1, 1, 0, 1, 0, 1) + u(3, 5) + u(1, 1, 0), True),
    "no aspect, no overscan": (u(1, 1, 0, 0, 1) + u(3, 5) + u(1, 1, 0), True),
    "little range": (u(1, 1, 0, 0, 1) + u(3, 5) + u(1, 0, 1), False),
    "no signal type": (u(1, 1, 0, 0, 0) + u(4, 15), False),
}


@pytest.mark.parametrize(("vui", "is_full"), RANGES.values(), ids=RANGES)
def test_the_range_is_found_in_the_vui(vui: Written, *, is_full: bool) -> None:
    """Behind the aspect and the overscan."""
    assert picture_shape(sps(vui=vui)).is_full_range is is_full


def test_an_sps_ends_where_its_length_says() -> None:
    """What is behind it is not read."""
    whole = sps().body[13:-8]
    assert picture_shape(avc(whole)) == MAIN
    assert picture_shape(avc(whole[:-3])) == PictureShape("h264")


@pytest.mark.parametrize(
    ("columns", "rows", "width", "height"), [(4096, 1, 2**16, 16), (4097, 1, 0, 0), (1, 4097, 0, 0)]
)
def test_a_side_has_at_most_65536_pixels(columns: int, rows: int, width: int, height: int) -> None:
    """Whichever side; then the profile alone is known."""
    bits = u(8, 0x67, 77, 0, 31) + ue(0, 4, 2, 1) + u(1, 0) + ue(columns - 1, rows - 1) + u(1, 1, 0, 0, 0, 1)
    assert picture_shape(avc(bits.as_bytes())) == replace(MAIN, width=width, height=height)


@pytest.mark.parametrize("crop", [ue(640, 0, 0, 0), ue(0, 0, 0, 360), ue(700, 0, 0, 0), ue(0, 0, 400, 0)])
def test_a_picture_of_which_nothing_is_left_is_none(crop: Written) -> None:
    """At either side."""
    assert picture_shape(sps(crop=u(1, 1) + crop)) == replace(MAIN, width=0, height=0)


def hevc(layers: Written, chroma: Written, crop: Written, *, before: bytes = b"") -> Tag:
    """Return the sequence header of HEVC with an SPS of 1920 by 1088 pixels."""
    bits = u(8, 0x42, 1) + u(4, 0) + layers + ue(0) + chroma + ue(1920, 1088) + crop + u(1, 1)
    unit = bits.as_bytes()
    array = b"\xa1\x00\x01" + len(unit).to_bytes(2, "big") + unit
    record = b"\x01\x01" + bytes(20) + bytes([1 + bool(before)]) + before + array
    return Tag(VIDEO, 0, b"\x90hvc1" + record)


ONE = u(3, 0) + u(1, 1) + u(96, 5)
LAYERS = {
    "none": ONE,
    "both": u(3, 1) + u(1, 1) + u(96, 5) + u(1, 1, 1) + u(14, 0) + u(96, 9),
    "a level": u(3, 2) + u(1, 1) + u(96, 5) + u(1, 0, 1, 0, 0) + u(12, 0) + u(8, 9),
    "a profile": u(3, 1) + u(1, 1) + u(96, 5) + u(1, 1, 0) + u(14, 0) + u(88, 9),
    "seven": u(3, 7) + u(1, 1) + u(96, 5) + u(1, *[0, 1] * 7) + u(2, 0) + u(8, *[9] * 7),
}


@pytest.mark.parametrize("layers", LAYERS.values(), ids=LAYERS)
def test_the_layers_of_hevc_are_skipped(layers: Written) -> None:
    """With and without a profile and a level of their own."""
    assert picture_shape(hevc(layers, ue(1), u(1, 0))) == PictureShape("hevc", 1920, 1088, "main")


@pytest.mark.parametrize(
    ("chroma", "across", "down"), [(ue(0), 1, 1), (ue(1), 2, 2), (ue(2), 2, 1), (ue(3) + u(1, 0), 1, 1)]
)
def test_hevc_is_cropped_in_steps_of_its_chroma(chroma: Written, across: int, down: int) -> None:
    """At all four sides."""
    shape = picture_shape(hevc(ONE, chroma, u(1, 1) + ue(1, 2, 3, 4)))
    assert shape == PictureShape("hevc", 1920 - 3 * across, 1088 - 7 * down, "main")


def test_other_units_of_hevc_are_passed_over() -> None:
    """Two VPS of different lengths stand in front of the SPS."""
    before = b"\xa0\x00\x02" + b"\x00\x05vps-1" + b"\x00\x09vps-2long"
    assert picture_shape(hevc(ONE, ue(1), u(1, 0), before=before)).width == 1920


def av1(points: Written, head: bytes = b"\x0a\x0b") -> Tag:
    """Return the sequence header of AV1 with a picture of 1920 by 1080 pixels."""
    bits = u(4, 0) + points + u(4, 10, 10) + u(11, 1919, 1079)
    return Tag(VIDEO, 0, b"\x90av01\x81\x08\x0c\x00" + head + bits.as_bytes())


TIMING = u(1, 1) + u(32, 1001, 30000)
POINTS = {
    "reduced": u(1, 1) + u(5, 8),
    "one": u(1, 0, 0, 0) + u(5, 0) + u(12, 0) + u(5, 8) + u(1, 0),
    "a low level": u(1, 0, 0, 0) + u(5, 0) + u(12, 0) + u(5, 7),
    "two": u(1, 0, 0, 0) + u(5, 1) + u(12, 0) + u(5, 8) + u(1, 0) + u(12, 0) + u(5, 3),
    "timing": u(1, 0) + TIMING + u(1, 0, 0, 0) + u(5, 0) + u(12, 0) + u(5, 3),
    "equal intervals": u(1, 0) + TIMING + u(1, 1) + ue(5) + u(1, 0, 0) + u(5, 0) + u(12, 0) + u(5, 3),
    "a decoder's model": u(1, 0)
    + TIMING
    + u(1, 0, 1)
    + (u(5, 9) + u(32, 77) + u(5, 3, 3))
    + u(1, 0)
    + (u(5, 1) + u(12, 0) + u(5, 3) + u(1, 1) + u(10, 500, 500) + u(1, 0))
    + (u(12, 0) + u(5, 3) + u(1, 0)),
    "a delay": u(1, 0, 0, 1)
    + u(5, 1)
    + (u(12, 0) + u(5, 3) + u(1, 1) + u(4, 9))
    + u(17, 3)
    + u(1, 1)
    + u(4, 9),
}


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS)
def test_the_operating_points_of_av1_are_skipped(points: Written) -> None:
    """With all that they may have."""
    assert picture_shape(av1(points)) == PictureShape("av1", 1920, 1080)


@pytest.mark.parametrize("head", [b"\x08", b"\x0a\x0b", b"\x0a\x8b\x01", b"\x0c\x20", b"\x0e\x20\x0b"])
def test_the_head_of_an_obu_is_passed_over(head: bytes) -> None:
    """With and without an extension, and with a length of any number of bytes."""
    assert picture_shape(av1(POINTS["reduced"], head)) == PictureShape("av1", 1920, 1080)


def test_an_object_type_of_aac_may_be_spelled_out() -> None:
    """35 is no HE-AAC, so no other rate follows."""
    config = (u(5, 31) + u(6, 3) + u(4, 3, 2, 7)).as_bytes()
    assert sound_shape(Tag(AUDIO, 0, b"\xaf\x00" + config)) == SoundShape("aac", 48000, 2)


def test_opus_is_read_from_its_head_alone() -> None:
    """Other codecs' bytes may look like it."""
    head = b"OpusHead\x01\x06" + bytes(9)
    assert sound_shape(Tag(AUDIO, 0, b"\x90Opus" + head)) == SoundShape("opus", 48000, 6)
    assert sound_shape(Tag(AUDIO, 0, b"\x90ac-3" + head)) == SoundShape("ac3")
    assert sound_shape(Tag(AUDIO, 0, b"\x90Opus" + b"x" * 19)) == SoundShape("opus")
