"""The errors that a user can meet, each a type that carries what its message needs.

Only the command line (cli/) prints an error and turns it into an exit code. A message says what is
wrong and where; a hint says what to do next. Neither ever holds a secret.
"""

from dataclasses import dataclass

EXIT_FAILED = 1
EXIT_CHANGES = 3
EXIT_CONFIG = 78  # EX_CONFIG of sysexits.h, which systemd also knows by name


class RestreamError(Exception):
    """A failure that a user can do something about."""

    exit_code = EXIT_FAILED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True)
class Excerpt:
    """A line of the TOML that may be shown. `start` and `width` of what is marked are in terminal cells."""

    text: str
    start: int
    width: int


@dataclass(frozen=True)
class Problem:
    """One problem of the TOML file: an error, or a warning.

    `source` is the file's name. `line` and `column` count from 1, in characters; 0 stands for an unknown
    place. `path` is the dotted key ("platforms.twitch.key"), empty for the file as a whole. `rule` says what
    the key may hold. An empty `source` stands for the machine: nothing in the file is wrong.
    """

    source: str
    line: int
    path: str
    message: str
    hint: str = ""
    column: int = 0
    rule: str = ""
    excerpt: Excerpt | None = None

    @property
    def place(self) -> str:
        """`file:line:column`, to which editors jump, or the file alone."""
        return f"{self.source}:{self.line}:{self.column}" if self.line else self.source

    def __str__(self) -> str:
        """Return the problem in one line: `file:line:column: key: message (hint)`."""
        key = f"{self.path}: " if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        place = f"{self.place}: " if self.source else ""
        return f"{place}{key}{self.message}{hint}"


class ConfigError(RestreamError):
    """The TOML file cannot be used; `problems` lists every problem of it.

    `outcome` says what became of the command, where that is in doubt. The exit code is that of any failure if
    only the machine has problems.
    """

    def __init__(self, problems: tuple[Problem, ...], *, outcome: str = "") -> None:
        super().__init__("\n".join((*map(str, problems), *filter(None, (outcome,)))))
        self.problems = problems
        self.outcome = outcome
        self.exit_code = EXIT_CONFIG if any(problem.source for problem in problems) else EXIT_FAILED


class CommandError(RestreamError):
    """Another program failed, is missing, or took too long; `output` is what it wrote to stderr."""

    def __init__(self, argv: tuple[str, ...], reason: str, *, output: str = "", hint: str = "") -> None:
        super().__init__(f"{' '.join(argv)}: {reason}" + (f"\n{output}" if output else ""), hint=hint)
        self.argv = argv
        self.reason = reason
        self.output = output


class SlowCommandError(CommandError):
    """Another program took too long, and was killed."""
