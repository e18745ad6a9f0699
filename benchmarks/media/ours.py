"""restream-agent on one ingest server, installed and configured as a user would."""

from benchmarks.media.sessions import Target
from benchmarks.media.tool import Stage
from tests.demo.install import INGEST_KEY, install
from tests.demo.screen import Screen

HOLD_SECONDS = 900  # longer than a stage: no broadcast may end by itself


class RestreamAgent:
    """The product."""

    killed = "the program"
    restarted = "fallback.service"
    application = "app"
    keys: tuple[str, ...] = ("alpha-key", "beta-key")
    needs_shared_key = False

    def __init__(self, server: str, screen: Screen) -> None:
        self.name = f"restream-agent on {server}"
        self._server, self._screen = server, screen

    def start(self, stage: Stage) -> Target:
        """Install the wheel, `init`, `check`, `diff`, `apply`."""
        install(stage.container, self._server, stage.platforms, self._screen, HOLD_SECONDS)
        return Target(1935, "live", f"main?key={INGEST_KEY}")

    def kill(self, stage: Stage) -> None:
        """Kill the program; systemd starts it again."""
        stage.container.run(("systemctl", "kill", "-s", "KILL", "fallback.service"))

    def units(self) -> tuple[str, ...]:
        """Return every unit that carries the stream or decides about it."""
        relays = ("ffmpeg-relay@alpha.service", "ffmpeg-relay@beta.service")
        return (
            "fallback.service", *relays, "live@main.service", "restream-agent.service",
            "restream-ingest.service",
        )  # fmt: skip

    def prepared(self, stage: Stage) -> bool:
        """Tell whether the fallback that matches the live stream has been prepared."""
        unit = ("systemctl", "show", "-P", "ActiveState", "restream-fallback-prepare.service")
        return stage.container.run(unit).stdout.strip() not in ("activating", "active")
