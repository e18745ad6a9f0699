"""What apply asks of systemd where there are several channels."""

from restream_agent.deploy.perform import perform
from restream_agent.deploy.plan import Actions
from restream_agent.systemd.systemctl import Systemd
from tests.unit.deploy.test_apply import Recording


def test_a_channel_s_relay_starts_while_that_channel_is_on_air() -> None:
    """Whether another channel is does not count; a relay of it that had given up stays down too."""
    runner = Recording("restream@es.target")
    new = ("ffmpeg-relay@twitch.service", "ffmpeg-relay@es.twitch.service", "ffmpeg-relay@en.twitch.service")
    perform(Actions(start_on_air=new), Systemd(runner))
    assert runner.calls == ["start ffmpeg-relay@es.twitch.service"]


def test_a_channel_that_the_agent_wakes_while_it_is_removed_is_stopped_again() -> None:
    """Its program would stay for ever, and keep systemd from starting its sockets when it is added again.

    Not the player: `main` may pull a stream of that name by then.
    """
    runner = Recording("fallback@es.service", "live@es.service")
    stop = ("fallback@es.service", "live@es.service", "restream@es.target")
    perform(Actions(daemon_reload=True, stop=stop, restart=("restream-agent.service",)), Systemd(runner))
    assert runner.calls == [
        "stop fallback@es.service live@es.service",
        "daemon-reload",
        "try-restart restream-agent.service",
        "stop fallback@es.service",
    ]
