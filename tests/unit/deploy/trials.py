"""An apply on trial below a root, and a machine that does what systemctl is told."""

import stat
from fnmatch import fnmatch
from pathlib import Path
from subprocess import CompletedProcess

from restream_agent.base import files, paths
from restream_agent.base.file_tree import File
from restream_agent.base.target import TargetMachine
from restream_agent.deploy import take_back
from restream_agent.deploy.apply import apply
from restream_agent.deploy.on_trial import ApplyTrial
from restream_agent.systemd.systemctl import Systemd
from tests.golden.rendering import fixed_facts
from tests.unit.deploy.test_apply import HEAD, TWITCH, applied, configured, snapshot

SERVERS = ("restream-agent.service", "restream-ingest.service", "restream-agent.socket", "fallback.socket")
BROADCAST = ("restream.target", "fallback.service", "ffmpeg-relay@twitch.service")
OUR_UNITS = ("restream-take-back.service", "restream-take-back.timer")
INLINE = TWITCH.replace('{ credential = "twitch" }', '"live_first"')
ES = '[channels.es]\nkey = { credential = "ingest-es" }\n'


class ObedientMachine:
    """Answers like a machine that starts and stops what it is asked to."""

    def __init__(self, *active: str) -> None:
        self.active = set(active)
        self.calls: list[str] = []

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert (timeout > 0, ok) == (True, (0,))
        words = [word for word in argv[1:] if word != "--"]
        if words[0] == "show":
            patterns = argv[argv.index("--") + 1 :]
            units = [each for each in sorted(self.active) if any(fnmatch(each, name) for name in patterns)]
            shown = "\n".join(f"Id={unit}\nActiveState=active\n" for unit in units)
            return CompletedProcess(argv, 0, shown, "")
        self.calls.append(" ".join(words))
        if words[0] in ("start", "restart"):
            self.active |= set(words[1:])
        if words[0] == "stop":
            self.active -= set(words[1:])
        return CompletedProcess(argv, 0, "", "")


def make_root(place: Path) -> Path:
    """Make a root with keys and a TOML, where twitch is applied."""
    for name in ("ingest", "twitch", "youtube", "ingest-es"):
        files.write(place, f"{paths.CREDENTIALS}/{name}", File(f"{name}-key\n", mode=0o600))
    toml(place).write_text(HEAD + TWITCH)
    applied(place, TWITCH)
    return place


def toml(root: Path) -> Path:
    return root / paths.CONFIG.lstrip("/")


def tried(root: Path, machine: ObedientMachine, *tables: str, within: float = 60.0) -> None:
    """Write a TOML, and apply it on trial."""
    toml(root).write_text("\n".join((HEAD, *tables)))
    config = configured(*tables)
    apply(
        config,
        fixed_facts(config),
        target=TargetMachine(root),
        systemd=Systemd(machine),
        prepare=lambda: None,
        trial=ApplyTrial(within, str(toml(root))),
    )


def taken_back(root: Path, machine: ObedientMachine, *, only_if_due: bool = False) -> str | None:
    return take_back.take_back(
        TargetMachine(root), Systemd(machine), prepare=lambda: None, only_if_due=only_if_due
    )


def confirmed(root: Path, machine: ObedientMachine) -> None:
    take_back.confirm(TargetMachine(root), Systemd(machine))


def of_the_machine(root: Path) -> dict[str, tuple[int, bytes]]:
    """Return every file but the user's TOML and the note about it; directories may stay."""
    left_out = (paths.CONFIG, paths.TAKEN_BACK)
    found = {path: each for path, each in snapshot(root).items() if not stat.S_ISDIR(each[0])}
    return {path: each for path, each in found.items() if not path.endswith(left_out)}
