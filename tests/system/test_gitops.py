"""The units of examples/gitops on a machine that broadcasts, with a repository on the same machine."""

import json

import pytest

from tests.demo.install import ETC
from tests.system.git_machine import (
    APPLY,
    CONF,
    FETCH,
    RECORD,
    SIGNERS,
    WHO,
    WORK,
    Repository,
    repository,
)
from tests.system.installation import SETTLED, TOML, changed

__all__ = ["repository"]

# One server is enough: where the TOML comes from does not depend on it.
pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("installation", ["nginx-rtmp"], indirect=True, scope="module"),
]


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
