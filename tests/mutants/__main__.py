"""`python -m tests.mutants stream/splice`: turn each comparison, sign and condition, and print the unnoticed.

Further arguments are pytest's: the tests that know the module, and `--deselect` for slow ones. Without any,
the tests of the module's room are run. Each turn runs in a process of its own, against the tests that run
its line, the quickest first, and with the same examples of hypothesis each time.
"""

import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from _pytest.runner import runtestprotocol
from hypothesis import Phase, settings

from tests.mutants.turns import Turn, take, turns

_MEMORY = 4 << 30
"""Bytes. A turned loop may never end, and gather what it makes."""


class Trial:
    """A pytest plugin that runs the tests once as they are, then against each turn of a module."""

    def __init__(self, module: Path) -> None:
        self.count = self.unnoticed = 0
        self._module = module
        self._seconds: dict[pytest.Item, float] = {}
        self._lines: dict[pytest.Item, set[int]] = {}

    def pytest_collection(self) -> None:
        """Have hypothesis draw the same examples each time, and stop at the first that fails."""
        phases = (Phase.explicit, Phase.generate)
        settings.register_profile("mutants", settings(), database=None, derandomize=True, phases=phases)
        settings.load_profile("mutants")

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the tests, then the turns."""
        for item in session.items:
            self._run(item)
        for turn in turns(self._module.read_text(), str(self._module)):
            self.count += 1
            items = [item for item, lines in self._lines.items() if not lines.isdisjoint(turn.lines)]
            items.sort(key=lambda item: self._seconds[item])
            if not self._is_noticed(turn, items):
                self.unnoticed += 1
                print(f"line {turn.line}, {len(items)} tests: {turn.before}  ->  {turn.after}", flush=True)
        print(f"{self._module.stem}: {self.count - self.unnoticed} of {self.count} turns are noticed")
        return True

    def _run(self, item: pytest.Item) -> None:
        """Run a test as it is, and note which lines of the module it runs."""
        lines, begun = set[int](), time.process_time()
        with _traced(str(self._module), lines.add):
            failed = _fails(item)
        if failed:
            print(f"left out, fails as it is: {item.nodeid}", flush=True)
        else:
            self._seconds[item], self._lines[item] = time.process_time() - begun, lines

    def _is_noticed(self, turn: Turn, items: Sequence[pytest.Item]) -> bool:
        """Whether a test fails, or goes on for long, in a process in which the turn is taken."""
        child = os.fork()
        if child:
            return os.waitpid(child, 0)[1] != 0
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
            take(turn)
            for item in items:
                signal.setitimer(signal.ITIMER_PROF, 5 + 5 * self._seconds[item])
                if _fails(item):
                    os._exit(1)
            os._exit(0)
        finally:
            os._exit(1)


@contextmanager
def _traced(path: str, note: Callable[[int], None]) -> Iterator[None]:
    """Note the lines of a file that are run."""

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename != path:
            return None
        if event == "line":
            note(frame.f_lineno)
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)


def _fails(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def main() -> int:
    """Return 0 if every turn is noticed, 1 if one is not."""
    if len(sys.argv) < 2 or not (module := Path(f"restream_agent/{sys.argv[1]}.py").resolve()).exists():
        sys.exit("usage: python -m tests.mutants ROOM/MODULE [PYTEST'S ARGUMENTS]")
    tests = sys.argv[2:] or [f"tests/unit/{module.parent.name}"]
    trial = Trial(module)
    usual = ["-q", "-s", "-p", "no:cacheprovider", "-W", "ignore:Module already imported"]
    return int(pytest.main([*usual, *tests], plugins=[trial])) or int(trial.unnoticed > 0)


if __name__ == "__main__":
    sys.exit(main())
