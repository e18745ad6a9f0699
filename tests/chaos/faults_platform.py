"""Faults of one platform; the other platforms must not notice."""

from tests.chaos.broadcast import ChaosBroadcast
from tests.chaos.fault import Act, Fault
from tests.chaos.faults_relay import NAME, RETRY_SECONDS, losing
from tests.lab import network

REFUSING_SECONDS = 15.0
UNKNOWN_SECONDS = 12.0
GIVES_UP_SECONDS = 60.0  # a relay gives a silent platform up after 20 s and what its buffers hold


def ends(how: str) -> Act:
    """Return an act: the platform ends its connections ("close" or "reset") and accepts new ones."""

    def act(broadcast: ChaosBroadcast) -> None:
        with losing(broadcast):
            broadcast.platforms[NAME].behave(how)

    return act


def refuse(broadcast: ChaosBroadcast) -> None:
    """Refuse the key for REFUSING_SECONDS."""
    with losing(broadcast):
        _behave(broadcast, "refuse")
    attempts = _attempts(broadcast)
    broadcast.watch(REFUSING_SECONDS)
    broadcast.wait(lambda: _attempts(broadcast) > attempts, GIVES_UP_SECONDS, "the relay to be refused")
    broadcast.counts["refused"] = _attempts(broadcast) - attempts
    broadcast.platforms[NAME].behave("pass")
    broadcast.struck()


def stop_reading(broadcast: ChaosBroadcast) -> None:
    """Stop reading on the open connection until the relay gives it up."""
    attempts = _attempts(broadcast)
    _behave(broadcast, "deaf")
    broadcast.wait(lambda: _attempts(broadcast) > attempts, GIVES_UP_SECONDS, "the relay to connect anew")
    broadcast.platforms[NAME].behave("pass")
    broadcast.struck()


def accept_and_say_nothing(broadcast: ChaosBroadcast) -> None:
    """Close the open connection; accept new ones but never read or answer, until the relay gives one up."""
    attempts = _attempts(broadcast)
    _behave(broadcast, "mute")
    broadcast.wait(
        lambda: _attempts(broadcast) > attempts + 1, 2 * GIVES_UP_SECONDS, "the relay to try twice"
    )
    broadcast.platforms[NAME].behave("pass")
    broadcast.struck()


def disappear(broadcast: ChaosBroadcast) -> None:
    """Remove the platform's name from the hosts file, and close the open connection."""
    platform = broadcast.platforms[NAME]
    broadcast.undo.callback(network.know_name, broadcast.container, platform.host)
    network.forget_name(broadcast.container, platform.host)
    with losing(broadcast):
        platform.behave("close")
    attempts = _attempts(broadcast)
    broadcast.watch(UNKNOWN_SECONDS)
    if _attempts(broadcast) > attempts:
        broadcast.complaints.append(f"the relay connected to {NAME} although its name could not be resolved")
    network.know_name(broadcast.container, platform.host)
    broadcast.struck()


def _behave(broadcast: ChaosBroadcast, how: str) -> None:
    broadcast.undo.callback(broadcast.platforms[NAME].behave, "pass")
    broadcast.platforms[NAME].behave(how)


def _attempts(broadcast: ChaosBroadcast) -> int:
    return len(broadcast.platforms[NAME].reader.update())


def _fault(name: str, text: str, act: Act) -> Fault:
    return Fault(name, text, act, concerns=(NAME,), heals_within=RETRY_SECONDS)


FAULTS = (
    _fault("platform-closes", "a platform closes its connection", ends("close")),
    _fault("platform-resets", "a platform resets its connection", ends("reset")),
    _fault("platform-refuses", "a platform refuses the key for a while", refuse),
    _fault("platform-stops-reading", "a platform stops reading until its relay gives up", stop_reading),
    _fault("platform-unknown", "a platform disappears from DNS and comes back", disappear),
    _fault("platform-mute", "a platform accepts and never answers", accept_and_say_nothing),
)
