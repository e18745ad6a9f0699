"""What the agent reports to systemd about itself: readiness, status, watchdog, stop (sd_notify(3))."""

import asyncio

# The sdnotify package serves the processes that have dependencies. The program and the launchers use
# systemd/sd_notify.py: they pass file descriptors and may load the standard library only.
import sdnotify

from restream_agent.systemd.sd_notify import watchdog_interval

_WATCHDOG_EVERY = 10.0
"""Seconds, where the unit has no watchdog."""


class SystemdReports:
    """Sends the agent's reports; without a service manager they go nowhere."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self.is_ready = False
        self._words = ""

    def ready(self) -> None:
        """Report once that the agent is ready."""
        if not self.is_ready:
            self.is_ready = True
            self._notifier.notify("READY=1")

    def status(self, words: str) -> None:
        """Report the line that `systemctl status` shows, if it has changed."""
        if words != self._words:
            self._words = words
            self._notifier.notify(f"STATUS={words}")

    def stopping(self) -> None:
        """Report that the agent is stopping; this is the last report."""
        self._notifier.notify("STOPPING=1")
        if self._notifier.socket is not None:
            self._notifier.socket.close()

    async def feed_watchdog(self) -> None:
        """Report for ever that the event loop runs, also while systemd is slow to answer the agent."""
        interval = watchdog_interval() or _WATCHDOG_EVERY
        while True:
            self._notifier.notify("WATCHDOG=1")
            await asyncio.sleep(interval)
