"""A real terminal inside the container: a tmux with a shell of root, to type into and to read."""

import subprocess

from tests.lab.container import Container

_TMUX = ("tmux", "-L", "lab", "-f", "/dev/null")
_PROMPT = "$ "


class Terminal:
    """A shell on a terminal of so many columns and rows. `close` ends it."""

    def __init__(self, container: Container, *, columns: int = 100, rows: int = 48) -> None:
        self._container = container
        shell = ("env", f"PS1={_PROMPT}", "bash", "--norc", "--noprofile", "-i")
        size = ("-x", str(columns), "-y", str(rows))
        # tmux's server leaves the group of the process that starts it, so `close` has to end it.
        container.run((*_TMUX, "new-session", "-d", *size, *shell))
        container.wait_until(self.is_ready, 10, "the terminal's shell")

    def type(self, text: str) -> None:
        """Type a line, and Enter."""
        if text:
            self._tmux("send-keys", "-l", "--", text)
        self.press("Enter")

    def press(self, key: str) -> None:
        """Press a key by tmux's name for it: Enter, C-c."""
        self._tmux("send-keys", key)

    def run(self, command: str, timeout: float = 30) -> str:
        """Clear the terminal, run a command to its end, and return what it shows, colours included."""
        self.type("clear")
        self._container.wait_until(lambda: self.screen() == _PROMPT.rstrip(), 10, "a clear terminal")
        self.type(command)
        self._container.wait_until(
            lambda: self.is_ready() and self.screen() != _PROMPT.rstrip(), timeout, f"the end of {command}"
        )
        shown = self._tmux("capture-pane", "-p", "-J", "-e").rstrip().splitlines()
        return "\n".join(line.rstrip() for line in shown[1:-1])

    def screen(self) -> str:
        """Return what the terminal shows now."""
        return self._tmux("capture-pane", "-p").rstrip("\n")

    def text(self) -> str:
        """Return everything that was printed, also what has scrolled away; wrapped lines are joined."""
        return self._tmux("capture-pane", "-p", "-J", "-S", "-").rstrip()

    def is_ready(self) -> bool:
        """Tell whether the shell waits for a command."""
        return self.screen().splitlines()[-1:] == [_PROMPT.rstrip()]

    def wait_for(self, words: str, timeout: float = 30) -> None:
        """Wait until the last line that is not empty ends with these words: a question."""
        self._container.wait_until(lambda: self.screen().rstrip().endswith(words), timeout, repr(words))

    def wait_shown(self, words: str, timeout: float = 30) -> str:
        """Wait until words are anywhere on the screen, and return the screen."""
        self._container.wait_until(lambda: words in self.screen(), timeout, repr(words))
        return self.screen()

    def variable(self, name: str) -> str:
        """Return one of tmux's variables: alternate_on, history_size, cursor_flag; tmux(1), FORMATS."""
        return self._tmux("display-message", "-p", f"#{{{name}}}").strip()

    def close(self) -> None:
        """End the terminal and what runs in it."""
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done: subprocess.CompletedProcess[str] = self._container.run((*_TMUX, *arguments), check=check)
        return done.stdout
