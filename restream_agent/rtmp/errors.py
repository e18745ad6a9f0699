"""The ways in which playing a stream can end. The text of each error is a line for the journal. Pure."""


class PlayError(Exception):
    """The stream cannot be played, or can be played no longer."""


class ProtocolError(PlayError):
    """The server sent bytes that are not RTMP, or more than a live stream can need."""


class PlayRefusedError(PlayError):
    """The server does not let the stream be played.

    `step` is the command that it refused. `code` and `description` are the server's own, "" if it gave none.
    """

    def __init__(self, step: str, code: str, description: str) -> None:
        words = ": ".join(word for word in (code, description) if word)
        super().__init__(f"the server refused {step}: {words or 'it gave no reason'}")


class NoConnectionError(PlayError):
    """The server cannot be reached, or ends the connection before it plays the stream."""


class StreamEndedError(PlayError):
    """A stream that was played has ended, as every stream does."""
