"""The table `[agent]`: what the agent does by itself."""

from restream_agent.config.table import Table, option


class AgentRules(Table):
    """What the agent does by itself, for all channels."""

    watch: bool = option(
        True,
        "Whether an edit is applied by itself, and a refused edit as soon as the key or video that was "
        "missing is there. `false` leaves both to `restream-agent apply`.",
        example=True,
    )
