"""A command in a terminal of its own, with a person who answers its questions."""

import os
import pty
import select
import sys
import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE = 60.0
"""Seconds for each answer; a loaded machine takes long to start Python."""


def at_terminal(arguments: tuple[str, ...], *answers: tuple[str, str | Callable[[], str]]) -> tuple[int, str]:
    """Run restream-agent in a terminal, and return its exit code and all that the terminal has shown.

    Each answer is the end of a question, and what is typed then, or what returns that.
    """
    return python_at_terminal(("-m", "restream_agent.cli.main", *arguments), *answers)


def python_at_terminal(
    arguments: tuple[str, ...], *answers: tuple[str, str | Callable[[], str]]
) -> tuple[int, str]:
    """Run Python in a terminal as `at_terminal` runs restream-agent."""
    child, terminal = pty.fork()
    if child == 0:
        environment = {**os.environ, "TERM": "xterm"}
        environment.pop("NO_COLOR", None)
        os.execve(sys.executable, [sys.executable, *arguments], environment)
    shown = ""
    for question, answer in answers:
        shown = _read_until(terminal, question, shown)
        _wait_asleep(child)
        words = answer if isinstance(answer, str) else answer()
        os.write(terminal, f"{words}\n".encode())
    shown = _read_until(terminal, None, shown)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown


def _wait_asleep(child: int) -> None:
    """Wait until a process waits for the answer.

    input() drops a Ctrl-C that comes while it flushes its prompt (builtin_input_impl() of CPython), faster
    than any person types.
    """
    deadline = time.monotonic() + _PATIENCE
    while (state := Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2][0]) not in "SZ":
        assert time.monotonic() < deadline, f"the command asks and then is in state {state}"
        time.sleep(0.005)


def _read_until(terminal: int, question: str | None, shown: str) -> str:
    """Read on until a question is asked, also one that was asked before; for None until the command ends."""
    deadline, answered = time.monotonic() + _PATIENCE, len(shown)
    while question is None or not shown[answered:].endswith(question):
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))
        try:
            data = os.read(terminal, 4096) if ready else b""
        except OSError:  # EIO: the command has ended
            data = b""
        if not data:
            assert question is None, f"no question that ends in {question!r}: {shown}"
            return shown
        shown += data.decode()
    return shown
