"""Whatever happens on one channel, in any order: no other is touched."""

import tempfile
from functools import partial
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from restream_agent.agent.channel_agent import ChannelAgent
from restream_agent.agent.hook_formats import Hook
from restream_agent.agent.situation import Publisher
from restream_agent.systemd.channels import Channel
from tests.unit.agent.channels_running import CHANNELS, SeveralChannels
from tests.unit.agent.test_agent import go

EVENTS = st.tuples(
    st.sampled_from(["publish", "unpublish", "lost unpublish", "tick", "off air"]),
    st.sampled_from(["main", "other", "es", "en"]),
)


class ComingAndGoing:
    """Publishers that come and go on three channels."""

    def __init__(self, running: SeveralChannels) -> None:
        self.running = running
        self.clients = 0

    def cause(self, event: str, stream: str) -> Channel:
        """Cause an event on a stream; return the channel that it is about."""
        channel = self.running.board.of(stream)
        if event == "publish":
            self._publish(stream)
        elif event == "tick":
            go(channel.tick)
        elif event == "off air":
            self.running.machine.units[channel.channel.unit("restream.target")] = "inactive"
        else:
            self._leave(stream, is_told=event == "unpublish")
        return channel.channel

    def _publish(self, stream: str) -> None:
        self.clients += 1
        publisher = Publisher(f"c{self.clients}", stream)
        (refusal,) = go(partial(self.running.board.publish, Hook("publish", "live", publisher)))
        server = self.running.server
        dropped = [each for each in server.listed or () if each.client_id in server.dropped]
        server.listed = tuple(each for each in server.listed or () if each not in dropped)
        if not refusal:
            server.listed = (*server.listed, publisher)

    def _leave(self, stream: str, *, is_told: bool) -> None:
        server = self.running.server
        left = [publisher for publisher in server.listed or () if publisher.stream == stream]
        server.listed = tuple(publisher for publisher in server.listed or () if publisher not in left)
        for publisher in left if is_told else ():
            go(partial(self.running.board.unpublish, Hook("unpublish", "live", publisher)))


def seen(channel: ChannelAgent) -> tuple[object, ...]:
    """Return what an agent knows of its channel."""
    status = channel.agent.status()
    return status.publisher, status.state, status.situation.live_streams


@settings(max_examples=40, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=8))
def test_an_event_of_one_channel_touches_no_other(events: list[tuple[str, str]]) -> None:
    """No unit, no publisher and no memory of another channel; what is listed elsewhere stays listed."""
    with tempfile.TemporaryDirectory() as directory:
        running = SeveralChannels(Path(directory))
        visitors = ComingAndGoing(running)
        for event, stream in events:
            before = {name: seen(channel) for name, channel in running.channels.items()}
            listed = running.server.listed or ()
            running.machine.calls.clear()
            running.server.dropped.clear()
            ours = visitors.cause(event, stream)
            for call in running.machine.calls:
                ours.plain(call.partition(" ")[2])  # ValueError for a unit of another channel
            dropped = [each for each in listed if each.client_id in running.server.dropped]
            assert all(ours.takes(publisher.stream) for publisher in dropped)
            others = [each.name for each in CHANNELS if each != ours]
            assert {name: seen(running.channels[name]) for name in others} == {
                name: before[name] for name in others
            }
