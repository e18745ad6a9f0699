"""From an empty Debian to an accepted publish, by the commands of the README, each one timed.

Run as root: `python -m tests.lab.empty_root RELEASE [--server srs] [--lean] [--root DIR] [--deb FILE]`
after `make deb` or `make deb DIST=trixie`. mmdebstrap makes the root (or --root names one, which stays as it
is), and systemd boots in it. apt reaches Debian's mirror and nothing else. `--lean` installs without
recommended packages, so that `init` brings nginx-rtmp. It needs a network, and so is not part of `make test`.
Exit status 1 if a step fails, if the commands are more than three, or take longer than five minutes.
"""

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from release import checkout
from tests.lab.container import SHARED, Container
from tests.lab.deadline import LabError
from tests.lab.mirror_door import MirrorDoor
from tests.lab.obs import Encoder, Obs
from tests.lab.platform import PlatformServer, is_listening

MOST_COMMANDS = 3
LONGEST = 300.0  # seconds, of issue 14
KEY = "key-of-the-stand-in"
SRS = Path("/usr/local/srs/objs/srs")
WEB_PORT, INGEST_PORT = 80, 1935
_COMMAND = 1200.0
"""Seconds until a command counts as stuck."""


@dataclass
class Empty:
    """A booted empty root, and what was typed into it: (command, seconds)."""

    container: Container
    steps: list[tuple[str, float]] = field(default_factory=list)

    def type(self, command: str, *, input: str = "") -> str:
        """Run a command line as root, and note how long it takes; return what it says."""
        begun = time.monotonic()
        done = self.container.run(("sh", "-ec", command), timeout=_COMMAND, input=input)
        self.steps.append((command, time.monotonic() - begun))
        return done.stdout + done.stderr


@contextmanager
def empty_root(release: str, given: Path | None) -> Iterator[Path]:
    """Yield a root with Debian's important packages and systemd; a root of our own is removed afterwards."""
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="restream-empty-", dir="/var/tmp") as directory:
        root = Path(directory) / release
        packages = "--include=systemd,systemd-sysv,dbus"
        subprocess.run(
            ("mmdebstrap", "--quiet", "--variant=important", packages, release, str(root)),
            check=True,
            timeout=_COMMAND,
        )
        yield root


def package_for(root: Path) -> Path:
    """Return the newest package in dist/ for a root's release; LabError without one."""
    system = _system(root)
    found = (checkout.PROJECT / "dist").glob(f"restream-agent_*+{system}_*.deb")
    newest = max(found, key=lambda path: path.stat().st_mtime, default=None)
    if newest is None:
        raise LabError(
            f"no package for {system} in dist: `make deb` builds it, with DIST= for another release"
        )
    return newest


def _system(root: Path) -> str:
    """Return deb12 for a root of Debian 12; it has no Python yet."""
    text = (root / "etc/os-release").read_text()
    fields = dict(line.partition("=")[::2] for line in text.splitlines())
    return f"deb{fields['VERSION_ID'].strip(chr(34))}"


def go_on_air(empty: Empty, server: str, *, is_lean: bool) -> str:
    """Type the commands of the README, and return what `init` says."""
    lean = "--no-install-recommends " if is_lean else ""
    empty.type("apt-get update")
    empty.type(f"apt-get install --yes {lean}{SHARED}/restream-agent_*.deb")
    from_archive = ""
    if server == "srs":
        archive = shutil.copy(SRS, empty.container.shared / "srs")
        sha256 = hashlib.sha256(Path(archive).read_bytes()).hexdigest()
        from_archive = f" --srs {SHARED}/srs --srs-sha256 {sha256}"
    options = f"--server {server} --install{from_archive} --platform club=rtmp://127.0.0.1:21000/app --yes"
    return empty.type(f"restream-agent init {options}", input=f"{KEY}\n")


def publish(empty: Empty) -> float:
    """Publish as OBS does with what `init` has made; return the seconds until a platform has media.

    Raises LabError if the server refuses the publish, or the platform receives nothing.
    """
    container = empty.container
    platform = PlatformServer(container, "club", key=KEY, port=21000)
    platform.start()
    secret = container.read("/etc/restream-agent/credentials/ingest").strip()
    encoder = Encoder(width=640, height=360, bitrate=600_000)
    obs = Obs(container, f"rtmp://127.0.0.1:{INGEST_PORT}/live/main?key={secret}", encoder).start()
    begun = time.monotonic()
    empty.steps.append(("(OBS: the publish is accepted)", obs.wait_published(60) - begun))
    reader = platform.reader
    container.wait_until(
        lambda: any(each.has_media() for each in reader.update()), 60, "the platform to receive the stream"
    )
    took = time.monotonic() - begun
    obs.stop()
    return took


def check(empty: Empty, server: str) -> list[str]:
    """Return what is not as it should be: a web server, a failed unit, a second run that changes anything."""
    run = empty.container.run
    wrong = []
    if is_listening(empty.container, WEB_PORT):
        wrong.append("something listens on port 80")
    if run(("systemctl", "is-enabled", "nginx.service"), check=False).stdout.strip() == "enabled":
        wrong.append("nginx.service is enabled")
    failed = run(("systemctl", "--failed", "--no-legend", "--plain")).stdout
    wrong += [f"failed: {line}" for line in failed.splitlines() if "restream" in line or "nginx" in line]
    again = run(("restream-agent", "install-server", server), check=False)
    if again.returncode or "nothing was changed" not in again.stdout:
        wrong.append(f"install-server again: {again.stdout}{again.stderr}")
    again = run(("restream-agent", "init", "--server", server, "--install"), check=False)
    if again.returncode or "nothing was changed" not in again.stdout:
        wrong.append(f"init again: {again.stdout}{again.stderr}")
    return wrong


def measure(release: str, server: str, given: Path | None, deb: Path | None, *, is_lean: bool) -> int:
    """Do it all, print each step with its seconds, and return the exit status."""
    with empty_root(release, given) as root, Container(root) as container:
        shutil.copy(deb or package_for(root), container.shared)
        with MirrorDoor(container) as door:
            empty = Empty(container)
            said = go_on_air(empty, server, is_lean=is_lean)
            commands, total = len(empty.steps), sum(seconds for _, seconds in empty.steps)
            took = publish(empty)
            wrong = check(empty, server)
            wrong += [f"apt or init wanted {host}" for host in door.refused]
    print(said)
    for step, seconds in (*empty.steps, ("(a platform receives it)", took)):
        print(f"{seconds:7.1f} s  {step}")
    total += took
    how = "lean" if is_lean else "with recommended packages"
    print(f"{release}, {server}, {how}: {commands} commands, {total:.0f} s")
    if commands > MOST_COMMANDS or total > LONGEST:
        wrong.append(f"allowed are {MOST_COMMANDS} commands and {LONGEST:.0f} s")
    return verdict(wrong)


def arguments(text: str | None) -> argparse.ArgumentParser:
    """Return what reads the arguments of a measurement; `text` is the doc of its module."""
    parser = argparse.ArgumentParser(description=(text or "").split("\n\n")[0])
    parser.add_argument("release", choices=("bookworm", "trixie"))
    parser.add_argument("--server", choices=("nginx-rtmp", "srs"), default="nginx-rtmp")
    parser.add_argument("--root", type=Path, help="an empty root that is there already")
    parser.add_argument("--deb", type=Path, help="the package, if not the newest in dist/")
    return parser


def verdict(wrong: Sequence[str]) -> int:
    """Print what is wrong, and return the exit status."""
    for words in wrong:
        print(f"wrong: {words}", file=sys.stderr)
    return 1 if wrong else 0


def main() -> None:
    """Read the arguments."""
    parser = arguments(__doc__)
    parser.add_argument("--lean", action="store_true", help="without recommended packages")
    given = parser.parse_args()
    sys.exit(measure(given.release, given.server, given.root, given.deb, is_lean=given.lean))


if __name__ == "__main__":
    main()
