"""The addresses on this machine's loopback that units of ours listen on. Pure."""

HOOKS = "127.0.0.1:8085"
"""TCP: the agent's hooks, status and metrics (restream-agent.socket)."""

PROGRESS = "127.0.0.1:8086"
"""UDP: the reports of the relays' ffmpegs (restream-agent.socket)."""

API = "127.0.0.1:1985"
"""TCP: the ingest server's own HTTP side."""
