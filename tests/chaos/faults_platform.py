"""What goes wrong with one platform; the others must not notice."""

from tests.chaos.fault import Act, Fault
from tests.chaos.faults_relay import NAME, RETRY_SECONDS, wait_lost
from tests.chaos.stage import Stage
from tests.lab import network

REFUSING_SECONDS = 15.0
UNKNOWN_SECONDS = 12.0
GIVES_UP_SECONDS = 60.0  # until a relay has had enough of a platform that does nothing: 20 s, and buffers


def ends(how: str) -> Act:
    """Have the platform end its connections, "close" or "reset", and accept new ones."""

    def act(stage: Stage) -> None:
        stage.platforms[NAME].behave(how)
        wait_lost(stage)

    return act


def refuse(stage: Stage) -> None:
    """Refuse the key for a while."""
    _behave(stage, "refuse")
    wait_lost(stage)
    attempts = _attempts(stage)
    stage.watch(REFUSING_SECONDS)
    stage.wait(lambda: _attempts(stage) > attempts, GIVES_UP_SECONDS, "the relay to be refused")
    stage.counts["refused"] = _attempts(stage) - attempts
    stage.platforms[NAME].behave("pass")
    stage.struck()


def stop_reading(stage: Stage) -> None:
    """Read nothing more on the connection that stands, until the relay has given it up."""
    attempts = _attempts(stage)
    _behave(stage, "deaf")
    stage.wait(lambda: _attempts(stage) > attempts, GIVES_UP_SECONDS, "the relay to connect anew")
    stage.platforms[NAME].behave("pass")
    stage.struck()


def accept_and_say_nothing(stage: Stage) -> None:
    """Close what stands; accept new connections and never read or answer, until one was given up."""
    attempts = _attempts(stage)
    _behave(stage, "mute")
    stage.wait(lambda: _attempts(stage) > attempts + 1, 2 * GIVES_UP_SECONDS, "the relay to try twice")
    stage.platforms[NAME].behave("pass")
    stage.struck()


def disappear(stage: Stage) -> None:
    """Take the platform's name out of the only place it is known, and close what stands."""
    platform = stage.platforms[NAME]
    stage.undo.callback(network.know_name, stage.container, platform.host)
    network.forget_name(stage.container, platform.host)
    platform.behave("close")
    wait_lost(stage)
    attempts = _attempts(stage)
    stage.watch(UNKNOWN_SECONDS)
    if _attempts(stage) > attempts:
        stage.complaints.append(f"{NAME} was found though its name was gone")
    network.know_name(stage.container, platform.host)
    stage.struck()


def _behave(stage: Stage, how: str) -> None:
    stage.undo.callback(stage.platforms[NAME].behave, "pass")
    stage.platforms[NAME].behave(how)


def _attempts(stage: Stage) -> int:
    return len(stage.platforms[NAME].reader.update())


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
