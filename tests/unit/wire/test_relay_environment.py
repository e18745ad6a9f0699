"""relay.env: what is written is what a relay's process reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restream_agent.wire.relay_environment import STALL_VARIABLE, RelayEnvironment


def variables(text: str) -> dict[str, str]:
    """Read an environment file as systemd does, as far as ours goes."""
    return dict(line.split("=", 1) for line in text.splitlines())


def test_the_stall_is_in_microseconds_for_ffmpeg() -> None:
    """Its -rw_timeout takes no other unit."""
    assert variables(RelayEnvironment(20.0, None).to_file()) == {
        STALL_VARIABLE: "20000000",
        "RELAY_GIVE_UP": "never",
    }


@given(st.integers(1, 10**6), st.none() | st.integers(1, 10**5))
def test_what_was_written_is_read(milliseconds: int, give_up: int | None) -> None:
    """To the microsecond, and "never" as None."""
    written = RelayEnvironment(milliseconds / 1000, None if give_up is None else float(give_up))
    assert RelayEnvironment.read(variables(written.to_file())) == written


@pytest.mark.parametrize(
    "environment", [{}, {STALL_VARIABLE: "1"}, {STALL_VARIABLE: "x", "RELAY_GIVE_UP": "never"}]
)
def test_an_environment_without_the_variables_is_an_error(environment: dict[str, str]) -> None:
    """A relay is started by its unit and by nothing else."""
    with pytest.raises((KeyError, ValueError)):
        RelayEnvironment.read(environment)
