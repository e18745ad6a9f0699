"""When news is sent, so that a flapping platform does not cause a hundred messages. Pure.

Each subject (the channel, a platform, the configuration) may send BURST notices at once, and one more in
every interval: the generic cell rate algorithm, a token bucket that is kept as one point in time. Further
news of the subject is held and becomes one notice, with the newest text and the number of changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from restream_agent.wire.news import News

BURST = 3
SUBJECTS = 250
"""The most subjects that are kept. Each holds at most BURST + 1 notices: 1000 in all."""


@dataclass(frozen=True)
class Notice:
    """One line of a message: the newest of `count` pieces of news about one subject."""

    news: News
    count: int = 1

    @property
    def text(self) -> str:
        """The line for people."""
        more = f" (the last of {self.count} changes since the message before)" if self.count > 1 else ""
        return self.news.text + more


@dataclass
class _Subject:
    full_at: float
    """When the subject may send BURST notices at once again, on the caller's clock."""

    ready: list[tuple[int, Notice]] = field(default_factory=list)
    held: tuple[int, Notice] | None = None


class RateLimit:
    """The notices that wait to be sent. Times are seconds on any steady clock of the caller's."""

    def __init__(self, every: float, burst: int = BURST) -> None:
        self._every = every
        self._slack = (burst - 1) * every
        self._burst = burst
        self._subjects: dict[str, _Subject] = {}
        self._number = 0

    def add(self, news: News, now: float) -> bool:
        """Queue a piece of news; False if it is dropped, because SUBJECTS other subjects are waiting."""
        if news.subject not in self._subjects and len(self._subjects) >= SUBJECTS:
            return False
        subject = self._subjects.setdefault(news.subject, _Subject(full_at=now))
        self._number += 1
        if subject.held is None and self._may_send(subject, now) and len(subject.ready) < self._burst:
            self._spend(subject, now)
            subject.ready.append((self._number, Notice(news)))
        else:
            count = 1 if subject.held is None else subject.held[1].count + 1
            subject.held = (self._number, Notice(news, count))
        return True

    def due(self, now: float) -> float | None:
        """Return in how many seconds a notice may be sent, None if no notice waits."""
        subjects = self._subjects.values()
        times = [now for subject in subjects if subject.ready]
        times += [subject.full_at - self._slack for subject in subjects if subject.held]
        return max(0.0, min(times) - now) if times else None

    def take(self, now: float) -> tuple[Notice, ...]:
        """Return the notices to send now, oldest first; they count as sent."""
        numbered: list[tuple[int, Notice]] = []
        for subject in self._subjects.values():
            numbered += subject.ready
            subject.ready = []
            if subject.held is not None and self._may_send(subject, now):
                self._spend(subject, now)
                numbered.append(subject.held)
                subject.held = None
        self._forget(now)
        return _in_order(numbered)

    def take_all(self) -> tuple[Notice, ...]:
        """Return every notice that waits, oldest first, whether it is due or not."""
        numbered: list[tuple[int, Notice]] = []
        for subject in self._subjects.values():
            numbered += subject.ready
            if subject.held is not None:
                numbered.append(subject.held)
        self._subjects.clear()
        return _in_order(numbered)

    def is_idle(self, now: float) -> bool:
        """Whether no notice waits and no subject is remembered: a new RateLimit would act the same."""
        self._forget(now)
        return not self._subjects

    def _may_send(self, subject: _Subject, now: float) -> bool:
        return now >= subject.full_at - self._slack

    def _spend(self, subject: _Subject, now: float) -> None:
        subject.full_at = max(subject.full_at, now) + self._every

    def _forget(self, now: float) -> None:
        idle = [
            name
            for name, subject in self._subjects.items()
            if not subject.ready and subject.held is None and subject.full_at <= now
        ]
        for name in idle:
            del self._subjects[name]


def _in_order(numbered: Iterable[tuple[int, Notice]]) -> tuple[Notice, ...]:
    return tuple(notice for _, notice in sorted(numbered, key=lambda pair: pair[0]))
