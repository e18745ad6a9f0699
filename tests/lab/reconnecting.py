"""An OBS that reconnects two seconds after its connection ends or is refused, as a real OBS does."""

import threading
import time
from contextlib import suppress

from tests.lab.container import Container
from tests.lab.deadline import LabError
from tests.lab.obs import Obs, Sender

DELAY_SECONDS = 2.0
LOOK_SECONDS = 0.05


class ReconnectingObs:
    """OBS with "automatically reconnect" on, in a thread of its own.

    `attempts` counts its connections; `refused` counts connections that ended before the server accepted
    them.
    """

    def __init__(self, container: Container, url: str, encoder: Sender) -> None:
        self.encoder = encoder
        self.attempts = 0
        self.refused = 0
        self._container, self._url = container, url
        self._lock = threading.RLock()
        self._session: Obs | None = None
        self._next = 0.0
        self._is_wanted = False
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._live, name=f"obs {encoder.mark}", daemon=True)
        self._thread.start()

    def come(self) -> None:
        """Start streaming, and reconnect until `leave`."""
        with self._lock:
            self._is_wanted, self._next = True, 0.0

    def leave(self) -> None:
        """Stop streaming: unpublish, then close. `come` starts again."""
        with self._lock:
            self._is_wanted = False
            session, self._session = self._session, None
        if session is not None and session.alive():
            try:
                session.stop()
            except (LabError, OSError):
                session.kill()

    def kill(self) -> None:
        """Kill the session without an unpublish; OBS reconnects by itself."""
        with self._lock:
            self._end()

    def freeze(self) -> None:
        """Stop sending but keep the connection."""
        self.session().freeze()

    def thaw(self) -> None:
        """Continue after `freeze`; does nothing if the frozen session has ended."""
        with suppress(LabError):
            self.session().thaw()

    def session(self) -> Obs:
        """Return the current session; LabError between two sessions."""
        with self._lock:
            if self._session is None:
                raise LabError("OBS is not connected")
            return self._session

    def is_published(self) -> bool:
        """Tell whether the server has accepted the current session."""
        with self._lock:
            return self._session is not None and self._session.alive() and self._session.is_published()

    def close(self) -> None:
        """End the session and the thread."""
        self._is_over.set()
        self._thread.join(5)
        with self._lock:
            self._end()

    def _end(self) -> None:
        session, self._session = self._session, None
        self._next = time.monotonic() + DELAY_SECONDS
        if session is not None:
            session.kill()

    def _live(self) -> None:
        while not self._is_over.wait(LOOK_SECONDS):
            with self._lock:
                if self._session is not None and not self._session.alive():
                    self.refused += not self._session.is_published()
                    self._session, self._next = None, time.monotonic() + DELAY_SECONDS
                if self._is_wanted and self._session is None and time.monotonic() >= self._next:
                    self._session = self._start()

    def _start(self) -> Obs | None:
        self.attempts += 1
        with suppress(OSError):  # the container is rebooting
            return Obs(self._container, self._url, self.encoder).start()
        self._next = time.monotonic() + DELAY_SECONDS
        return None
