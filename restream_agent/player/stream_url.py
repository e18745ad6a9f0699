"""The URL of a stream: rtmp://HOST[:PORT]/APPLICATION/STREAM. Pure."""

_DEFAULT_PORT = 1935


class StreamUrl:
    """The parts of a URL. ValueError if it does not have the form above; an IPv6 address is in brackets."""

    __slots__ = ("application", "host", "port", "stream")

    def __init__(self, url: str) -> None:
        # Not urllib.parse: its import takes 8 ms.
        scheme, _, rest = url.partition("://")
        place, _, path = rest.partition("/")
        self.application, _, self.stream = path.rpartition("/")
        host, colon, port = place.rpartition(":")
        if not colon or port.endswith("]"):
            host, port = place, str(_DEFAULT_PORT)
        if not (scheme == "rtmp" and host and self.application and self.stream and port.isdecimal()):
            raise ValueError(f"{url} is not of the form rtmp://HOST[:PORT]/APPLICATION/STREAM")
        self.host, self.port = host.strip("[]"), int(port)

    @property
    def of_application(self) -> str:
        """The URL without the stream."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"rtmp://{host}:{self.port}/{self.application}"
