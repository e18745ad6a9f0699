"""The table `[relay]`: how long a relay may deliver nothing, and how long it may go on failing."""

from typing import Annotated

from restream_agent.config.table import Table, option
from restream_agent.config.value_types import span


class RelayRules(Table):
    """Rules for every relay."""

    stall: Annotated[float, span(10, 600)] = option(
        "20s",
        "A relay that delivers nothing for this long while the program runs is restarted.",
        example="20s",
    )
    give_up: Annotated[float | None, span(60, word="never")] = option(
        "never",
        "A relay that has failed without a break for this long stays stopped until the next broadcast, an "
        '`apply` that changes it, or a start by hand. `"never"` keeps trying, with pauses of up to 45 s.',
        example="never",
    )
