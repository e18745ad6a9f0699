"""What an apply does to what runs."""

from restream_agent.deploy.effects import Effects, effects, units_of
from restream_agent.deploy.plan import Actions

TWITCH, KICK = "ffmpeg-relay@twitch.service", "ffmpeg-relay@kick.service"
ES = "ffmpeg-relay@es.kick.service"
ON_AIR = {"restream.target": "active", "fallback.service": "active", TWITCH: "active"}


def test_on_air_a_changed_relay_restarts_and_a_new_one_starts() -> None:
    """Nothing waits for the next broadcast."""
    found = effects(Actions(restart=(TWITCH,), reload=("fallback.service",), start_on_air=(KICK,)), ON_AIR)
    assert found == Effects(restarts=(TWITCH,), reloads=("fallback.service",), starts=(KICK,), is_on_air=True)


def test_off_air_all_of_a_broadcast_waits_for_the_next() -> None:
    """Also what would be restarted or reloaded if it ran."""
    actions = Actions(restart=(TWITCH,), reload=("fallback.service",), start_on_air=(KICK,))
    expected = Effects(next_broadcast=(TWITCH, KICK, "fallback.service"))
    assert effects(actions, {"restream-agent.service": "active"}) == expected


def test_what_does_not_run_is_neither_stopped_nor_restarted() -> None:
    """`systemctl try-restart` leaves a stopped unit alone."""
    actions = Actions(stop=(TWITCH, KICK), restart=("restream-agent.service",))
    assert effects(actions, ON_AIR) == Effects(stops=(TWITCH,), is_on_air=True)


def test_a_relay_that_had_given_up_is_started() -> None:
    """As perform() does while its channel is on air."""
    states = {**ON_AIR, KICK: "failed"}
    assert effects(Actions(restart=(KICK,)), states).starts == (KICK,)


def test_a_relay_of_another_channel_starts_while_that_is_on_air() -> None:
    """Not while `main` is."""
    actions = Actions(start_on_air=(ES,))
    assert "restream@es.target" in units_of(actions)
    assert effects(actions, ON_AIR).next_broadcast == (ES,)
    assert effects(actions, {"restream@es.target": "active"}).starts == (ES,)


def test_a_relay_that_keeps_its_connection_changes_later() -> None:
    """At its next start if it runs, else with the next broadcast."""
    found = effects(Actions(next_start=(TWITCH, KICK)), ON_AIR)
    assert (found.next_start, found.next_broadcast) == ((TWITCH,), (KICK,))
