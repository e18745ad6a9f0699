"""Which codecs an ffmpeg can carry, from what it says of itself."""

from subprocess import CompletedProcess

from restream_agent.deploy import ffmpeg_codecs

ENCODERS = """Encoders:
 V..... = Video
 ------
 V..... libsvtav1            SVT-AV1(Scalable Video Technology for AV1) encoder (codec av1)
 V....D libx265              libx265 H.265 / HEVC (codec hevc)
 A....D libmp3lame           libmp3lame MP3 (MPEG audio layer 3) (codec mp3)
"""


def version(number: str, library: str) -> str:
    """Return the beginning of ffmpeg's answer to -version."""
    return f"""ffmpeg version {number} Copyright (c) 2000-2026 the FFmpeg developers
configuration: --prefix=/usr
libavutil      59. 39.100 / 59. 39.100
libavformat    {library} / {library}
"""


def read(number: str, library: str, encoders: str = ENCODERS) -> dict[str, str]:
    """Return the obstacles of an ffmpeg."""
    answers = [CompletedProcess((), 0, text, "") for text in (version(number, library), encoders)]
    return dict(ffmpeg_codecs.read(*answers))


def test_debian_12_carries_no_enhanced_codec() -> None:
    """ffmpeg 5.1 reads H.264, AAC and MP3 in FLV."""
    own = "this machine's ffmpeg 5.1.9"
    assert read("5.1.9-0+deb12u1", "59. 27.100") == dict.fromkeys(("hevc", "av1", "vp9", "opus"), own)


def test_debian_13_carries_hevc_and_av1() -> None:
    """Opus in FLV came with ffmpeg 8."""
    assert read("7.1.5-0+deb13u1", "61.  7.103") == {"opus": "this machine's ffmpeg 7.1.5"}


def test_the_library_counts_not_the_name() -> None:
    """A build of a snapshot has no number of a release. 6.1 is the first that carries HEVC."""
    assert "hevc" not in read("N-112-g6", "60. 16.100")
    assert read("6.0", "60.  3.100")["hevc"] == "this machine's ffmpeg 6.0"


def test_without_its_encoder_a_codec_is_not_carried() -> None:
    """No fallback could be made in it."""
    without = read("7.1", "61.  7.100", ENCODERS.replace("libx265 ", "x").replace("libmp3lame ", "x"))
    assert without["hevc"] == "this machine's ffmpeg 7.1 without libx265"
    assert without["mp3"] == "this machine's ffmpeg 7.1 without libmp3lame"
    assert "av1" not in without


def test_an_ffmpeg_that_does_not_answer_has_no_obstacles() -> None:
    """It is missing, which is said elsewhere."""
    assert ffmpeg_codecs.obstacles("/nonexistent/ffmpeg") == {}
