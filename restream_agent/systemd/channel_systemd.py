"""systemd as one channel sees it: its own units by their plain names, and the shared units."""

from collections.abc import Callable, Iterable

from restream_agent.base.process import run
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import JOB_TIMEOUT, Runner, Systemd
from restream_agent.systemd.unit_state import UnitState


class ChannelSystemd(Systemd):
    """The service manager as a channel sees it: its own units by their plain names, and the shared units."""

    def __init__(self, channel: Channel, runner: Runner = run) -> None:
        super().__init__(runner)
        self._channel = channel

    def change(
        self,
        verb: str,
        units: Iterable[str],
        *,
        reason: str,
        wait: bool = True,
        within: float = JOB_TIMEOUT,
        yields: bool = False,
    ) -> None:
        """Change units as `Systemd.change` does."""
        names = map(self._channel.unit, units)
        super().change(verb, names, reason=reason, wait=wait, within=within, yields=yields)

    def run_unit(self, unit: str, *, reason: str, on_status: Callable[[str], None]) -> None:
        """Start a oneshot unit and wait for its end, as `Systemd.run_unit` does."""
        super().run_unit(self._channel.unit(unit), reason=reason, on_status=on_status)

    def kill(self, unit: str, *, reason: str) -> None:
        """Kill all processes of a unit."""
        super().kill(self._channel.unit(unit), reason=reason)

    def units(self, *patterns: str) -> dict[str, UnitState]:
        """Return the states of this channel's units and of shared units, by their plain names."""
        found = super().units(*map(self._channel.unit, patterns))
        states = {}
        for unit, state in found.items():
            try:
                states[self._channel.plain(unit)] = state
            except ValueError:
                continue
        return states

    def show(self, unit: str, name: str) -> str:
        """Return one property of a unit."""
        return super().show(self._channel.unit(unit), name)

    def last_words(self, unit: str, lines: int = 8) -> list[str]:
        """Return the last lines that a unit has written to the journal."""
        return super().last_words(self._channel.unit(unit), lines)
