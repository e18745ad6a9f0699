"""Where one channel's files and sockets are: absolute paths, without --root. Pure.

The channel `main` has the places of paths.py and endpoints.py. Another channel has directories of its own: in
paths.OWN_DIRECTORY, in paths.RUNTIME and, for links to its prepared fallbacks, in paths.FALLBACK_DIRECTORY.
The prepared files themselves are shared: equal ones are made once.
"""

from dataclasses import dataclass

from restream_agent.base import endpoints, paths

CHANNELS = f"{paths.OWN_DIRECTORY}channels"
"""A directory for each channel but `main`, with its settings."""

CHANNELS_RUNTIME = f"{paths.RUNTIME}/channels"
CHANNELS_FALLBACK = f"{paths.FALLBACK_DIRECTORY}/channels"


@dataclass(frozen=True)
class ChannelPaths:
    """The paths of one channel."""

    settings: str
    """The directory of its settings files; it belongs to root."""
    runtime: str
    """The directory of its sockets and of the operator's requests; it belongs to root."""
    fallback: str
    """The directory of the links to its prepared fallbacks; it belongs to the preparation."""
    telemetry_socket: str
    """Datagrams: the program reports to the agent."""
    program_runtime: str
    """The name of the program's own directory in /run."""

    @property
    def program_settings(self) -> str:
        """The settings of the program."""
        return f"{self.settings}/program.json"

    @property
    def agent_settings(self) -> str:
        """The settings of the agent for this channel."""
        return f"{self.settings}/agent.json"

    @property
    def fallback_settings(self) -> str:
        """The settings of the preparation."""
        return f"{self.settings}/fallback.json"

    @property
    def play_key(self) -> str:
        """The key with which the stream is played, where there are several channels."""
        return f"{self.settings}/play-key"

    @property
    def operator(self) -> str:
        """One file for each request of the operator."""
        return f"{self.runtime}/operator"

    @property
    def live_socket(self) -> str:
        """Stream: live@ sends the live stream to the program."""
        return _moved(endpoints.LIVE_SOCKET, self.runtime)

    @property
    def relay_socket(self) -> str:
        """Stream: the relays receive the program."""
        return _moved(endpoints.RELAY_SOCKET, self.runtime)

    @property
    def fallback_current(self) -> str:
        """A link to the prepared fallback."""
        return f"{self.fallback}/current.flv"

    @property
    def fallback_slate(self) -> str:
        """A link to the prepared slate."""
        return f"{self.fallback}/slate.flv"

    @property
    def live_profile(self) -> str:
        """What the fallback is made to match: the format that OBS last sent."""
        return f"{self.fallback}/live-profile.json"

    @property
    def last_live(self) -> str:
        """What OBS's last stream was like, measured over some seconds."""
        return f"{self.fallback}/last-live.json"


MAIN_PATHS = ChannelPaths(
    settings=paths.OWN_DIRECTORY.rstrip("/"),
    runtime=paths.RUNTIME,
    fallback=paths.FALLBACK_DIRECTORY,
    telemetry_socket=endpoints.TELEMETRY_SOCKET,
    program_runtime="restream-program",
)


def paths_of(channel: str) -> ChannelPaths:
    """Return the paths of any channel, `main` included."""
    return MAIN_PATHS if channel == "main" else channel_paths(channel)


def channel_paths(channel: str) -> ChannelPaths:
    """Return the paths of a channel other than `main`; `%i` gives those that a unit template writes."""
    return ChannelPaths(
        settings=f"{CHANNELS}/{channel}",
        runtime=f"{CHANNELS_RUNTIME}/{channel}",
        fallback=f"{CHANNELS_FALLBACK}/{channel}",
        telemetry_socket=_moved(endpoints.TELEMETRY_SOCKET, f"{CHANNELS_RUNTIME}/{channel}"),
        program_runtime=f"restream-program-{channel}",
    )


def _moved(socket: str, directory: str) -> str:
    return f"{directory}/{socket.removeprefix(f'{paths.RUNTIME}/')}"
