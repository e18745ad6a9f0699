"""The conversion by a unit, as `apply` shows it."""

from collections.abc import Callable

import pytest

from restream_agent.deploy.conversion_unit import convert
from restream_agent.systemd.channels import MAIN_CHANNEL
from restream_agent.systemd.systemctl import Systemd


class AnsweringConversion(Systemd):
    """Its unit ends after these `STATUS=`."""

    def __init__(self, *texts: str) -> None:
        """`texts` are what the unit has said when somebody looked."""
        super().__init__()
        self._texts = texts

    def run_unit(self, unit: str, *, reason: str, on_status: Callable[[str], None]) -> None:
        """Say it."""
        del unit, reason
        for text in self._texts:
            on_status(text)


@pytest.mark.parametrize(
    ("texts", "shares"),
    [
        (("43.0 % done", "99.0 % done"), [0.43, 0.99, 1.0]),
        (("43.0 % done", "100.0 % done"), [0.43, 1.0]),
        ((), []),
    ],
)
def test_the_progress_ends_at_the_end(texts: tuple[str, ...], shares: list[float]) -> None:
    """The unit may have ended before anybody read its last words; twice the end would be two bars."""
    told = list[float]()
    convert(AnsweringConversion(*texts), None, lambda fraction, _: told.append(fraction), MAIN_CHANNEL)
    assert told == shares
