"""The demo broadcast step by step: each failure of a stream's life, one at a time."""

import json
import time
from collections.abc import Callable

from tests.demo.events import OFF_AIR, Event, Phase, Story
from tests.demo.install import HOLD_SECONDS, PROGRAM, PUBLISH_URL
from tests.demo.screen import Screen
from tests.demo.watcher import Watcher
from tests.lab.container import Container
from tests.lab.deadline import LabError, wait_until
from tests.lab.obs import Encoder, Obs

SHOWN_SECONDS = 8.0  # the script gives up if a change of source takes longer
STEADY_SECONDS = 5.0  # with the wait before it longer than `measure.AFTER_SECONDS`, to separate events
RECONNECT_SECONDS = 2.0  # OBS's default delay before it tries again


class DemoBroadcast:
    """One run of the script; `story` is its record."""

    def __init__(self, container: Container, watcher: Watcher, screen: Screen) -> None:
        self.story = Story(started=time.monotonic())
        self._container = container
        self._watcher = watcher
        self._screen = screen
        self._obs = Obs(container, PUBLISH_URL)
        self._phase: tuple[str, float] | None = None
        self._attempt = 0.0  # when the latest OBS was started

    def run(self) -> None:
        """Play all steps; raises LabError if a platform does not receive the expected source."""
        self._publish("start", "OBS starts")
        self._steady(SHOWN_SECONDS)
        self._drop_and_return()
        self._freeze_and_thaw()
        self._take_over()
        self._kill_program()
        self._restart_program()
        self._kill_ingest()
        self._drop_and_return()
        self._drop_for_good()

    def _drop_and_return(self) -> None:
        self._do("drop", "OBS stops streaming", self._obs.stop, brings="fallback")
        self._steady(STEADY_SECONDS)
        self._publish("return", "OBS is back")
        self._steady(STEADY_SECONDS)

    def _freeze_and_thaw(self) -> None:
        self._do("stall", "OBS's uplink freezes, its connection stands", self._obs.freeze, brings="fallback")
        self._steady(STEADY_SECONDS)
        self._do("thaw", "the uplink thaws", self._obs.thaw, brings="live")
        self._steady(STEADY_SECONDS)

    def _take_over(self) -> None:
        self._do("stall", "the uplink freezes again", self._obs.freeze, brings="fallback")
        self._steady(2)
        stale = self._obs
        self._publish("takeover", "a second OBS connects with the same key", mark="second")
        self._steady(STEADY_SECONDS)
        stale.kill()

    def _kill_program(self) -> None:
        kill = self._killer("fallback.service")
        self._do("program_killed", "SIGKILL to the program (fallback.service)", kill, brings="second")
        self._steady(STEADY_SECONDS)

    def _restart_program(self) -> None:
        """Restart it as an upgrade does. Live goes on, and its phase: the fallback would be a fault."""
        text = "the program is restarted, as in an upgrade"
        self._note(Event("program_restarted", text, time.monotonic(), brings="second"))
        self._container.run(("systemctl", "restart", "fallback.service"))
        self._steady(STEADY_SECONDS)

    def _kill_ingest(self) -> None:
        kill = self._killer("restream-ingest.service")
        self._do("ingest_killed", "SIGKILL to the ingest server", kill, brings="fallback")
        self._steady(RECONNECT_SECONDS)
        self._obs.kill()
        self._publish("return", "OBS reconnects to the new server")
        self._steady(STEADY_SECONDS)

    def _drop_for_good(self) -> None:
        self._do("drop", "OBS stops streaming for good", self._obs.stop, brings="fallback")
        dropped = self.story.events[-1].time
        while self._container.is_active("restream.target"):
            self._watcher.watch(0.2)
            if time.monotonic() > dropped + HOLD_SECONDS + SHOWN_SECONDS:
                raise LabError("the hold ran out, but restream.target is still active")
        self._end_phase(dropped + HOLD_SECONDS)
        self._note(Event("off_air", "the hold ran out: off air", time.monotonic()))
        self._container.wait_until(self._is_off_air, 3, "`status` to say that the channel is off air")
        self._watcher.watch(1)

    def _publish(self, kind: str, text: str, *, mark: str = "live") -> None:
        """Start an OBS again until it is accepted, and wait until every platform receives its picture."""
        before = time.monotonic()
        self._end_phase(before)
        self._obs = Obs(self._container, PUBLISH_URL, Encoder(mark=mark)).start()
        self._attempt = before
        wait_until(self._is_published, 15, f"OBS to publish:\n{self._obs.log()}")
        self._note(Event(kind, text, before, brings=mark, published=self._attempt))
        self._await(mark, before)

    def _is_published(self) -> bool:
        if not self._obs.alive():
            self._attempt = time.monotonic()
            self._obs.start()
        return self._obs.is_published()

    def _do(self, kind: str, text: str, action: Callable[[], None], *, brings: str) -> None:
        now = time.monotonic()
        self._end_phase(now)
        self._note(Event(kind, text, now, brings=brings))
        action()
        self._await(brings, now)

    def _await(self, source: str, since: float) -> None:
        self._watcher.wait_for(source, since=since, timeout=SHOWN_SECONDS)
        self._phase = (source, time.monotonic())

    def _steady(self, seconds: float) -> None:
        """Let the broadcast run; half-way print what each platform receives, and check `status`."""
        assert self._phase is not None
        end = time.monotonic() + seconds
        self._watcher.watch(seconds / 2)
        self._check_status("fallback" if self._phase[0] == "fallback" else "live")
        self._watcher.watch(end - time.monotonic())

    def _check_status(self, expected: str) -> None:
        summary = self._watcher.summary()
        state = self._status()
        self._screen.line(f"  {summary}   status: {state}")
        if state != expected:
            self.story.complaints.append(f"`status` said {state!r} instead of {expected!r}")

    def _status(self) -> object:
        output = self._container.run((PROGRAM, "status", "--json"), check=False).stdout
        return json.loads(output or "{}").get("state")

    def _is_off_air(self) -> bool:
        return self._status() == OFF_AIR

    def _end_phase(self, end: float) -> None:
        if self._phase is not None:
            self.story.phases.append(Phase(*self._phase, end))
            self._phase = None

    def _note(self, event: Event) -> None:
        self.story.events.append(event)
        self._screen.line(event.text, "event")

    def _killer(self, unit: str) -> Callable[[], None]:
        def kill() -> None:
            self._container.run(("systemctl", "kill", "-s", "KILL", unit))

        return kill
