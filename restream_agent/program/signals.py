"""Signals as bytes in a socket, so that the event loop can wait for them with everything else."""

import signal
import socket


class SignalSocket:
    """Receives the given signals in place of their default action (signal.set_wakeup_fd)."""

    def __init__(self, *numbers: signal.Signals) -> None:
        self.socket, self._wakeup = socket.socketpair()
        for end in (self.socket, self._wakeup):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, lambda *_: None)

    def take(self) -> list[signal.Signals]:
        """Return the signals that have arrived; to be called when the socket is readable."""
        return [signal.Signals(number) for number in self.socket.recv(64)]
