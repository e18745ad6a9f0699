"""The table `[relay]`: how long a relay may stand still, and how long it may go on failing."""

from typing import Annotated

from pydantic import BeforeValidator

from restream_agent.config import values
from restream_agent.config.table import SPAN, Table, option


class RelayRules(Table):
    """What holds for every relay."""

    stall: Annotated[float, BeforeValidator(values.span(10, 600)), SPAN] = option(
        "20s",
        "A relay that delivers nothing for this long while the program runs is restarted.",
        example="20s",
        kind="time span, 10s to 10min",
    )
    give_up: Annotated[float | None, BeforeValidator(values.span(60, word="never")), SPAN] = option(
        "never",
        "A relay that has failed again and again for this long stays down until it is started by hand, by "
        '`apply`, or by the next broadcast. `"never"`: it tries for ever, with pauses of up to 45 s.',
        example="never",
        kind='time span from 1min, or "never"',
    )
