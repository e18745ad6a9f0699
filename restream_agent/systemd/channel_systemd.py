"""systemd as one channel sees it: its own units by their plain names, and the shared units."""

from restream_agent.base.process import run
from restream_agent.systemd.channels import Channel
from restream_agent.systemd.systemctl import Runner, Systemd, UnitLook
from restream_agent.systemd.unit_state import UnitState


class ChannelSystemd(Systemd):
    """The service manager as a channel sees it: its own units by their plain names, and the shared units."""

    def __init__(self, channel: Channel, runner: Runner = run, look: UnitLook | None = None) -> None:
        super().__init__(runner, look)
        self._channel = channel

    def _full_name(self, unit: str) -> str:
        return self._channel.unit(unit)

    def _own(self, states: dict[str, UnitState]) -> dict[str, UnitState]:
        return self._channel.own(states)
