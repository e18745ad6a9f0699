"""The URL on the command line of `live@`."""

import pytest

from restream_agent.player.stream_url import StreamUrl


@pytest.mark.parametrize(
    ("url", "host", "port", "of_application"),
    [
        ("rtmp://127.0.0.1:1935/live/main", "127.0.0.1", 1935, "rtmp://127.0.0.1:1935/live"),
        ("rtmp://192.0.2.1/live/main", "192.0.2.1", 1935, "rtmp://192.0.2.1:1935/live"),
        ("rtmp://[::1]:19350/live/main", "::1", 19350, "rtmp://[::1]:19350/live"),
        ("rtmp://[::1]/live/main", "::1", 1935, "rtmp://[::1]:1935/live"),
        ("rtmp://host/a/b/main", "host", 1935, "rtmp://host:1935/a/b"),
    ],
)
def test_its_parts(url: str, host: str, port: int, of_application: str) -> None:
    """The port is 1935 unless it is named, and the stream is what follows the last slash."""
    parts = StreamUrl(url)
    assert (parts.host, parts.port, parts.stream) == (host, port, "main")
    assert parts.of_application == of_application


@pytest.mark.parametrize(
    "url",
    [
        "http://h/live/main",
        "rtmp://h/main",
        "rtmp:///live/main",
        "rtmp://h/live/",
        "rtmp://h:x/live/main",
        "",
    ],
)
def test_another_form_is_refused(url: str) -> None:
    """The message has the form."""
    with pytest.raises(ValueError, match=r"rtmp://HOST\[:PORT\]/APPLICATION/STREAM"):
        StreamUrl(url)
