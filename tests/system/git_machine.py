"""A machine that broadcasts and takes its TOML from a repository, with the units of examples/gitops."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.system.installation import SETTLED, Installation

EXAMPLE = Path(__file__).parents[2] / "examples" / "gitops"
REPOSITORY, WORK = "/srv/git/broadcast.git", "/root/work"
CONF = "/etc/restream-git/repository.conf"
SIGNERS = "/etc/restream-git/allowed_signers"
WHO = "-c user.name=Alice -c user.email=alice@example.org"
FETCH, APPLY = "restream-git-fetch.service", "restream-git-apply.service"
RECORD = "/var/lib/restream-agent/commit.json"


class Repository:
    """The user's repository, as the user works with it, and the machine that takes its commits."""

    def __init__(self, installation: Installation) -> None:
        self.machine = installation

    def shell(self, script: str) -> str:
        """Run a script in the work tree inside."""
        return self.machine.container.run(("sh", "-ec", f"cd {WORK}\n{script}"), timeout=60).stdout.strip()

    def push(self, toml: str, *, flags: str = "", options: str = "") -> str:
        """Commit and push a TOML; return the commit."""
        self.machine.container.write(f"{WORK}/restream.toml", toml)
        commit = f"git {WHO} {options} commit --quiet --allow-empty -m change {flags}"
        return self.shell(f"git add --all; {commit}; git push --quiet origin HEAD:main; git rev-parse HEAD")

    def look(self) -> dict[str, Any]:
        """Have the units look, as the timer does; return what is noted then."""
        before = self.looks()
        self.machine.container.run(("systemctl", "start", FETCH), timeout=60)
        self.machine.container.wait_until(
            lambda: self.looks() > before, 3 * SETTLED, "the commit to be looked at"
        )
        return dict(json.loads(self.machine.container.read(RECORD)))

    def looks(self) -> int:
        """Return how often the unit that judges commits has ended."""
        argv = ("journalctl", "--no-pager", "-o", "cat", "-u", APPLY, "_PID=1")
        lines = self.machine.container.run(argv, check=False).stdout.splitlines()
        return sum(line.startswith(("Finished ", "Failed to start ")) for line in lines)

    def status(self, commit: str) -> dict[str, Any]:
        """Return what `status --json` says of a commit, once it does."""

        def shown() -> dict[str, Any] | None:
            found = json.loads(self.machine.product("status", "--json"))["commit"]
            return found if found and found["commit"] == commit else None

        found = self.machine.container.wait_until(shown, SETTLED, "the status to have the commit")
        assert found is not None
        return found


@pytest.fixture(scope="module")
def repository(installation: Installation) -> Repository:
    """Install the units as the page says, with an empty repository, and begin a broadcast."""
    container = installation.container
    for unit in EXAMPLE.glob("restream-git-*"):
        container.write(f"/etc/systemd/system/{unit.name}", unit.read_text())
    conf = (EXAMPLE / "repository.conf").read_text()
    conf = conf.replace("git@git.example.org:me/broadcast.git", REPOSITORY)
    assert REPOSITORY in conf
    container.write(CONF, conf)
    container.run(("sh", "-ec", f"git init --quiet --bare {REPOSITORY}; git init --quiet {WORK}"))
    # The repository is another user's on this machine, which git serves to those that say that they trust it.
    container.write("/etc/restream-git/gitconfig", f"[safe]\n\tdirectory = {REPOSITORY}\n")
    trust = "[Service]\nEnvironment=GIT_CONFIG_GLOBAL=/etc/restream-git/gitconfig\n"
    container.write(f"/etc/systemd/system/{FETCH}.d/local.conf", trust)
    found = Repository(installation)
    found.shell(f"git remote add origin {REPOSITORY}")
    container.run(("systemctl", "daemon-reload"))
    units = (FETCH, APPLY, "restream-git-fetch.timer")
    verified = container.run(("systemd-analyze", "verify", *units), check=False)
    assert (verified.stdout, verified.stderr) == ("", "")
    installation.on_air()
    return found
