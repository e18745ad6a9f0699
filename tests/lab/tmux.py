"""A real terminal in a container: tmux, with a shell in which a person types."""

from types import TracebackType

from tests.lab.container import Container

_TMUX = ("tmux", "-u", "-L", "lab", "-f", "/dev/null")
_PROMPT = "lab$ "
_ESCAPE = "\x1b["


class TmuxTerminal:
    """Context manager around one terminal with a shell; `width` and `height` are in cells."""

    def __init__(self, container: Container, *, width: int = 120, height: int = 30) -> None:
        self._container = container
        self._size = ("-x", str(width), "-y", str(height))

    def __enter__(self) -> "TmuxTerminal":
        shell = ("env", f"PS1={_PROMPT}", "sh", "-i")
        self._container.run((*_TMUX, "new-session", "-d", *self._size, *shell))
        self._container.wait_until(lambda: self.screen().startswith(_PROMPT.strip()), 10, "the shell")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.run((*_TMUX, "kill-server"), check=False)

    def type(self, words: str) -> None:
        """Type words and Enter."""
        self._container.run((*_TMUX, "send-keys", "-l", words))
        self.press("Enter")

    def press(self, key: str) -> None:
        """Press a key by tmux's name: "Enter", "C-c"."""
        self._container.run((*_TMUX, "send-keys", key))

    def run(self, command: str, *, timeout: float = 30) -> str:
        """Clear the screen, run a command to its end, and return what it shows, colours included."""
        self.type("clear")
        self._container.wait_until(lambda: self.screen() == _PROMPT.strip(), 10, "a clear screen")
        self.type(f"{command}; echo end=$?")
        shown = self.wait_for("\nend=", timeout)
        end = next(number for number, line in enumerate(shown.splitlines()) if line.startswith("end="))
        return "\n".join(self.screen(colours=True).splitlines()[1:end])

    def wait_for(self, words: str, timeout: float = 20) -> str:
        """Wait until words are on the screen, and return the screen."""
        self._container.wait_until(lambda: words in self.screen(), timeout, f"{words!r} on the screen")
        return self.screen()

    def screen(self, *, colours: bool = False) -> str:
        """Return what is on the screen, without blanks at ends; a line that was too long is whole."""
        flags = ("-e",) if colours else ()
        shown = self._container.run((*_TMUX, "capture-pane", "-p", "-J", *flags)).stdout
        return "\n".join(line.rstrip() for line in shown.splitlines()).rstrip()

    def show(self, variable: str) -> str:
        """Return a variable of tmux's: "alternate_on", "history_size", "cursor_flag"; tmux(1), FORMATS."""
        return self._container.run((*_TMUX, "display-message", "-p", f"#{{{variable}}}")).stdout.strip()


def is_coloured(text: str) -> bool:
    """Tell whether a text has the sequences of colours."""
    return _ESCAPE in text
