"""The units of examples/gitops on a machine that broadcasts, with a repository on the same machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.demo.install import ETC
from tests.system.installation import SETTLED, TOML, Installation, changed

# One server is enough: where the TOML comes from does not depend on it.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]

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


def refused(repository: Repository, commit: str, result: str, applied: str) -> str:
    """Look at a commit that is not taken: nothing of the machine changes, and status says it. Return why."""
    machine = repository.machine
    before = machine.runs(), machine.files(), machine.container.read(TOML), len(machine.applied())
    record = repository.look()
    assert (record["commit"], record["result"], record["applied"]) == (commit, result, applied), record
    assert before == (machine.runs(), machine.files(), machine.container.read(TOML), len(machine.applied()))
    assert repository.status(commit)["result"] == result
    words = machine.product("status")
    assert f"commit {commit[:12]}" in words
    assert f"the TOML is that of {applied[:12]}" in words
    machine.container.run(("systemctl", "is-failed", APPLY))
    return str(record["words"])


def test_a_good_commit_restarts_its_relay_alone(repository: Repository) -> None:
    """It is applied once, though the agent watches the TOML, too; status names the commit."""
    machine = repository.machine
    repository.push(machine.toml)
    assert repository.look()["result"] == "applied"
    before, applies = machine.runs(), len(machine.applied())
    alpha = machine.connections("alpha")
    toml = machine.toml.replace(machine.platforms["beta"].url, machine.platforms["beta"].url + "?x=1")
    commit = repository.push(toml)
    record = repository.look()
    assert (record["commit"], record["result"], record["words"]) == (commit, "applied", ""), record
    relay = "ffmpeg-relay@beta.service"
    machine.container.wait_until(
        lambda: changed(before, machine.runs()) == {relay: "restarted"}, SETTLED, "the relay to be anew"
    )
    assert machine.connections("alpha") == alpha
    machine.container.run(("sleep", "4"))  # longer than the agent waits after an edit
    assert machine.applied()[applies:] == [True]
    assert machine.container.read(TOML) == toml
    assert repository.status(commit)["applied"] == commit
    assert f"commit {commit[:12]}, applied" in machine.product("status")
    machine.toml = toml


def test_the_same_commit_is_not_applied_again(repository: Repository) -> None:
    """A look that finds nothing new changes nothing."""
    machine = repository.machine
    before = machine.runs(), len(machine.applied()), machine.container.read(RECORD)
    repository.look()
    assert before == (machine.runs(), len(machine.applied()), machine.container.read(RECORD))


def test_a_broken_commit_is_refused(repository: Repository) -> None:
    """With the line; the broadcast goes on."""
    machine = repository.machine
    applied = repository.look()["applied"]
    commit = repository.push(machine.toml.replace('hold = "', 'hold = "half '))
    words = refused(repository, commit, "refused", applied)
    assert words.startswith("restream.toml:9:8: fallback.hold: ")
    assert machine.is_fed("alpha")
    assert "fallback.hold" in machine.product("status")
    machine.product("status", "--exit-code", code=4)


def test_a_commit_beyond_the_policy_is_refused(repository: Repository) -> None:
    """Whatever policy the repository has."""
    machine = repository.machine
    applied = repository.look()["applied"]
    repository.machine.container.write(f"{WORK}/policy.toml", 'commands = [["/bin/true"]]\n')
    commit = repository.push(f'{machine.toml}\n[notify]\ncommand = ["/bin/true"]\n')
    words = refused(repository, commit, "refused", applied)
    assert "notify.command: runs a program, and this machine's policy does not allow it" in words


def test_a_forced_push_is_refused(repository: Repository) -> None:
    """A commit that follows the applied one is taken again."""
    machine = repository.machine
    applied = repository.look()["applied"]
    script = f"git reset --quiet --hard {applied}~; git {WHO} commit --quiet --allow-empty -m other"
    commit = repository.shell(f"{script}; git push --quiet --force origin HEAD:main; git rev-parse HEAD")
    assert f"it does not follow {applied[:12]}" in refused(repository, commit, "not forward", applied)
    repository.shell(f"git reset --quiet --hard {applied}; git push --quiet --force origin HEAD:main")
    good = repository.push(f"{machine.toml}# good again\n")
    assert repository.look()["applied"] == good
    machine.toml += "# good again\n"


def test_unsigned_commits_are_refused_where_signatures_are_required(repository: Repository) -> None:
    """A commit that an allowed signer has signed with an SSH key is taken."""
    machine = repository.machine
    applied = repository.look()["applied"]
    repository.shell("ssh-keygen -q -t ed25519 -N '' -f /root/key")
    public = machine.container.read("/root/key.pub")
    machine.container.write(SIGNERS, f"alice@example.org {public}")
    conf = machine.container.read(CONF).replace("OPTIONS=\n", f"OPTIONS=--allowed-signers {SIGNERS}\n")
    machine.container.write(CONF, conf)
    commit = repository.push(f"{machine.toml}# unsigned\n")
    words = refused(repository, commit, "not signed", applied)
    assert "no allowed signer has signed it" in words
    options = "-c gpg.format=ssh -c user.signingkey=/root/key.pub"
    signed = repository.push(f"{machine.toml}# signed\n", flags="-S", options=options)
    assert repository.look()["applied"] == signed
    machine.toml += "# signed\n"


def test_a_commit_that_cannot_be_applied_is_taken_back(repository: Repository) -> None:
    """A port of another program: what was there before is there again, and the commit is not tried twice."""
    machine = repository.machine
    good, applied = machine.container.read(TOML), repository.look()["applied"]
    taken = machine.platforms["alpha"].ports.rtmp
    bad = machine.toml.replace("[ingest]\n", f'[ingest]\nlisten = "127.0.0.1:{taken}"\n')
    options = "-c gpg.format=ssh -c user.signingkey=/root/key.pub"
    before = machine.runs()
    commit = repository.push(bad, flags="-S", options=options)
    record = repository.look()
    assert (record["commit"], record["result"], record["applied"]) == (commit, "failed", applied), record
    assert f"127.0.0.1:{taken}" in record["words"]
    assert machine.container.read(TOML) == good
    machine.container.wait_until(
        lambda: json.loads(machine.product("status", "--json"))["config"] == "ok", SETTLED, "the status"
    )
    applies = len(machine.applied())
    assert repository.look() == record
    assert len(machine.applied()) == applies
    assert changed(before, machine.runs()) == {}


def test_the_agent_need_not_watch(repository: Repository) -> None:
    """With agent.watch = false a commit is applied all the same, once."""
    machine = repository.machine
    options = "-c gpg.format=ssh -c user.signingkey=/root/key.pub"
    repository.push(f"{machine.toml}\n[agent]\nwatch = false\n", flags="-S", options=options)
    assert repository.look()["result"] == "applied"
    applies = len(machine.applied())
    toml = f"{machine.toml}\n[agent]\nwatch = false\n# more\n"
    repository.push(toml, flags="-S", options=options)
    assert repository.look()["result"] == "applied"
    assert machine.applied()[applies:] == [True]
    assert machine.container.read(TOML) == toml


def test_what_is_fetched_is_nobody_elses(repository: Repository) -> None:
    """Users of our units can neither write what was fetched nor read root's copy; the fetch sees no key."""
    container = repository.machine.container
    for user in ("restream", "restream-ingest", "restream-prepare", "nobody"):
        for path in ("/var/lib/restream-git-fetch/incoming.bundle", "/var/lib/restream-git/repository/HEAD"):
            assert container.run(("test", "-w", path), user=user, check=False).returncode != 0
            assert container.run(("test", "-r", path), user=user, check=False).returncode != 0
    shown = repository.machine.show(FETCH, "InaccessiblePaths")
    assert ETC in shown
