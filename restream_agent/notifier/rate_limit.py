"""What is told when, so that something that flaps does not send a hundred messages. Pure.

Each subject (the channel, a platform, the configuration) may be told of BURST times at once, and once
more every so many seconds: the generic cell rate algorithm, which is a token bucket kept as one time.
What happens beyond that is held, and told as one: the newest event, and how many there were.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from restream_agent.wire.news import Kind

BURST = 3
SUBJECTS = 250
"""Each holds at most BURST + 1 messages: 1000 in all, however long nobody can be told."""


@dataclass(frozen=True)
class News:
    """Something that happened; `at` in seconds since 1970, `text` one line for people."""

    event: Kind
    platform: str | None
    at: float
    text: str

    @property
    def subject(self) -> str:
        """What it is about: "channel", "config", or "platform NAME"."""
        if self.event.is_of_platform:
            return f"platform {self.platform}"
        return "config" if self.event is Kind.CONFIG_REFUSED else "channel"


@dataclass(frozen=True)
class Notice:
    """One message: an event, the last of `count` of its subject that are told as one."""

    event: News
    count: int = 1

    @property
    def text(self) -> str:
        """The line for people."""
        more = f" (the last of {self.count} changes since the message before)" if self.count > 1 else ""
        return self.event.text + more


@dataclass
class _Subject:
    full_at: float
    """When it may be told of BURST times at once again, on the caller's clock."""

    ready: list[tuple[int, Notice]] = field(default_factory=list)
    held: tuple[int, Notice] | None = None


class RateLimit:
    """What has yet to be told. Times are seconds on any steady clock of the caller's."""

    def __init__(self, every: float, burst: int = BURST) -> None:
        self._every = every
        self._slack = (burst - 1) * every
        self._burst = burst
        self._subjects: dict[str, _Subject] = {}
        self._number = 0

    def add(self, event: News, now: float) -> bool:
        """Take an event; False if it is dropped, there being SUBJECTS others that are waited for."""
        if event.subject not in self._subjects and len(self._subjects) >= SUBJECTS:
            return False
        subject = self._subjects.setdefault(event.subject, _Subject(full_at=now))
        self._number += 1
        if subject.held is None and self._may_tell(subject, now) and len(subject.ready) < self._burst:
            self._spend(subject, now)
            subject.ready.append((self._number, Notice(event)))
        else:
            count = 1 if subject.held is None else subject.held[1].count + 1
            subject.held = (self._number, Notice(event, count))
        return True

    def due(self, now: float) -> float | None:
        """Return in how many seconds there is something to tell, None if nothing waits."""
        times = [now for one in self._subjects.values() if one.ready]
        times += [one.full_at - self._slack for one in self._subjects.values() if one.held]
        return max(0.0, min(times) - now) if times else None

    def take(self, now: float) -> tuple[Notice, ...]:
        """Return what is to be told now, oldest first; it counts as told."""
        found: list[tuple[int, Notice]] = []
        for subject in self._subjects.values():
            found += subject.ready
            subject.ready = []
            if subject.held is not None and self._may_tell(subject, now):
                self._spend(subject, now)
                found.append(subject.held)
                subject.held = None
        self._forget(now)
        return _in_order(found)

    def take_all(self) -> tuple[Notice, ...]:
        """Return everything that waits, oldest first, whether its time has come or not."""
        subjects = self._subjects.values()
        found = [told for one in subjects for told in (*one.ready, *([one.held] if one.held else []))]
        self._subjects.clear()
        return _in_order(found)

    def is_idle(self, now: float) -> bool:
        """Whether nothing waits and nothing is remembered: a new RateLimit would do the same."""
        self._forget(now)
        return not self._subjects

    def _may_tell(self, subject: _Subject, now: float) -> bool:
        return now >= subject.full_at - self._slack

    def _spend(self, subject: _Subject, now: float) -> None:
        subject.full_at = max(subject.full_at, now) + self._every

    def _forget(self, now: float) -> None:
        done = [
            name
            for name, one in self._subjects.items()
            if not one.ready and one.held is None and one.full_at <= now
        ]
        for name in done:
            del self._subjects[name]


def _in_order(found: Iterable[tuple[int, Notice]]) -> tuple[Notice, ...]:
    return tuple(told for _, told in sorted(found, key=lambda one: one[0]))
