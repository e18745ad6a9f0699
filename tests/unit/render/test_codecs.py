"""Which codecs a machine carries."""

from restream_agent.render.codecs import carried, obstacles

OLD = {"hevc": "ffmpeg 5.1", "av1": "ffmpeg 5.1"}


def test_ffmpeg_and_the_ingest_server_both_have_to_carry_a_codec() -> None:
    """SRS 6 passes on no AV1; of the two, ffmpeg is named."""
    assert carried(obstacles("srs", {})) == ("h264", "hevc", "aac", "mp3")
    assert carried(obstacles("nginx-rtmp", {})) == ("h264", "hevc", "av1", "aac", "mp3")
    assert carried(obstacles("nginx-rtmp", OLD)) == ("h264", "aac", "mp3")
    assert obstacles("srs", OLD)["av1"] == "ffmpeg 5.1"
    assert obstacles("srs", {})["av1"] == "SRS"
