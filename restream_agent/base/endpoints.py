"""The addresses and sockets on this machine that our units listen on: said here and nowhere else. Pure."""

from restream_agent.base.paths import RUNTIME

HOOKS = "127.0.0.1:8085"
"""TCP: the ingest server's hooks, status and metrics. restream-agent.socket listens."""

PROGRESS = "127.0.0.1:8086"
"""UDP: progress reports from the ffmpeg of each relay. restream-agent.socket listens."""

API = "127.0.0.1:1985"
"""TCP: the ingest server's HTTP API. restream-ingest.service listens."""

LIVE_SOCKET = f"{RUNTIME}/live.sock"
"""Stream: live@ sends the live stream to the program. fallback.socket listens."""

RELAY_SOCKET = f"{RUNTIME}/relay.sock"
"""Stream: the relays receive the program. fallback.socket listens."""

TELEMETRY_SOCKET = f"{RUNTIME}/telemetry.sock"
"""Datagrams: the program reports to the agent. restream-agent.socket listens."""

NOTIFY_SOCKET = f"{RUNTIME}/notify.sock"
"""Datagrams: the agent sends events to the notifier. restream-notify.socket listens."""
