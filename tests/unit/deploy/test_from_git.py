"""From a commit to the TOML: taken if it is newer, signed and right. Git is real, systemd is not."""

from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from restream_agent.base import paths
from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.base.target import TargetMachine
from restream_agent.deploy import from_git
from restream_agent.deploy.from_git import GitSource
from restream_agent.deploy.git_repository import GitRepository
from restream_agent.deploy.last_read import TomlReading
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire.commit_record import CommitRecord
from tests.unit.deploy.commits import Author

TOML = 'version = 1\n[ingest]\nkey = { credential = "ingest" }\n'
CLUB = '[platforms.club]\nurl = "rtmps://club.example.org/app"\nkey = { credential = "club" }\n'


class CountedApply:
    """Answers systemctl: counts the starts of restream-apply.service.

    The first `failures` of them fail; the first `blind` have read the files of before.
    """

    def __init__(self, target: TargetMachine) -> None:
        self.starts, self.failures, self.state = 0, 0, "loaded"
        self.blind = 0
        self.target = target

    def __call__(
        self, argv: tuple[str, ...], *, timeout: float, ok: tuple[int, ...] = (0,)
    ) -> CompletedProcess[str]:
        assert (timeout > 0, ok) == (True, (0,))
        said = {"LoadState": self.state, "StatusText": "port 1935 is in use"}
        if "start" in argv:
            self.starts += 1
            if self.starts <= self.blind:
                return CompletedProcess(argv, 0, "", "")
            reading = replace(TomlReading.of(self.target, None), is_by_systemd=True)
            reading.begin()
            if self.starts <= self.failures:
                raise CommandError(argv, "failed with exit status 1")
            reading.end()
            return CompletedProcess(argv, 0, "", "")
        return CompletedProcess(argv, 0, said[argv[argv.index("--property") + 1]] + "\n", "")


class GitMachine:
    """A root with keys and an applied TOML, an author, and what takes the author's commits."""

    def __init__(self, place: Path) -> None:
        self.root, self.author = place / "root", Author(place)
        self.unit, self.signers = CountedApply(TargetMachine(self.root)), None
        credentials = self.place(f"{paths.CREDENTIALS}/ingest").parent
        credentials.mkdir(parents=True)
        for name in ("ingest", "club"):
            (credentials / name).write_text("made-up-key-that-opens-nothing\n")
        self.place(paths.CONFIG).write_text(TOML)
        self.repository = GitRepository(place / "repository")

    signers: Path | None

    def place(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def take(self) -> CommitRecord:
        source = GitSource(self.author.bundle, signers=self.signers)
        record = from_git.take(self.repository, source, TargetMachine(self.root), Systemd(self.unit))
        assert record == from_git.read(self.root)
        return record

    def installed(self) -> dict[str, str]:
        directory = self.place(paths.OWN_DIRECTORY)
        found = [directory / "restream.toml", *directory.glob("platforms.d/*")]
        return {str(each.relative_to(directory)): each.read_text() for each in found}


@pytest.fixture
def machine(tmp_path: Path) -> GitMachine:
    return GitMachine(tmp_path)


def test_a_good_commit_is_put_in_place_and_applied_once(machine: GitMachine) -> None:
    """Each file as in the commit, with the mode of the TOML; what is no more goes."""
    machine.place(paths.CONFIG).chmod(0o640)
    machine.place("/etc/restream-agent/platforms.d").mkdir()
    machine.place("/etc/restream-agent/platforms.d/old.toml").write_text("")
    files = {"restream.toml": TOML + "# new\n", "platforms.d/club.toml": CLUB}
    commit = machine.author.commit(files)
    record = machine.take()
    assert (record.commit, record.result, record.words, record.applied) == (commit, "applied", "", commit)
    assert (machine.installed(), machine.unit.starts) == (files, 1)
    modes = {each.stat().st_mode & 0o777 for each in machine.root.glob("etc/restream-agent/**/*.toml")}
    assert modes == {0o640}
    assert machine.take() == record
    assert machine.unit.starts == 1


def test_a_commit_that_says_the_same_restarts_nothing(machine: GitMachine) -> None:
    """The commit is noted."""
    commit = machine.author.commit({"restream.toml": TOML, "README": "x"})
    assert machine.take().applied == commit
    assert machine.unit.starts == 0


def test_a_broken_commit_changes_nothing(machine: GitMachine) -> None:
    """The first problem is told with the file's name and its line there; a commit that mends it is taken."""
    good = machine.author.commit({"restream.toml": TOML + "# 1\n"})
    machine.take()
    broken = machine.author.commit({"platforms.d/club.toml": CLUB.replace("rtmps://", "https://")})
    record = machine.take()
    assert (record.commit, record.result, record.applied) == (broken, "refused", good)
    assert record.words.startswith("club.toml:2:7: platforms.club.url: must begin with rtmp:// or rtmps://")
    assert (machine.installed(), machine.unit.starts) == ({"restream.toml": TOML + "# 1\n"}, 1)
    mended = machine.author.commit({"platforms.d/club.toml": CLUB})
    assert machine.take().applied == mended


def test_a_refused_commit_is_taken_when_its_key_has_come(machine: GitMachine) -> None:
    """It is tried again each time; while nothing changes, it is noted as before."""
    machine.place(f"{paths.CREDENTIALS}/club").unlink()
    machine.author.commit({"restream.toml": TOML + CLUB})
    refused = machine.take()
    assert "club does not exist" in refused.words
    assert machine.take() == refused
    machine.place(f"{paths.CREDENTIALS}/club").write_text("made-up-key-that-opens-nothing\n")
    assert machine.take().result == "applied"


def test_what_the_policy_does_not_allow_is_refused(machine: GitMachine) -> None:
    """A policy in the repository opens nothing."""
    policy = 'commands = [["/bin/true"]]\n'
    toml = f'{TOML}[notify]\ncommand = ["/bin/true"]\n'
    machine.author.commit({"restream.toml": toml, "policy.toml": policy})
    assert "notify.command: runs a program, and this machine's policy does not" in machine.take().words
    assert not machine.place(paths.POLICY).exists()


def test_files_that_cannot_be_applied_are_taken_back(machine: GitMachine) -> None:
    """What apply said is told; the commit is not tried again, the next one is."""
    machine.unit.failures = 1
    commit = machine.author.commit({"restream.toml": TOML + CLUB, "platforms.d/x.toml": ""})
    record = machine.take()
    assert (record.commit, record.result, record.words) == (commit, "failed", "port 1935 is in use")
    assert machine.installed() == {"restream.toml": TOML}
    assert machine.unit.starts == 2  # the second is for the files of before
    assert machine.take() == record
    assert machine.unit.starts == 2
    machine.author.commit({"restream.toml": TOML + "# next\n"})
    assert machine.take().result == "applied"


def test_an_apply_that_was_under_way_counts_for_nothing(machine: GitMachine) -> None:
    """It has read the files of before: another is asked for, but not for ever."""
    machine.unit.blind = 1
    commit = machine.author.commit({"restream.toml": TOML + "# 1\n"})
    assert machine.take().applied == commit
    assert machine.unit.starts == 2
    machine.unit.blind = 5
    machine.author.commit({"restream.toml": TOML + "# 2\n"})
    record = machine.take()
    assert (record.result, record.applied) == ("failed", commit)
    assert "as after restream-agent take-back" in record.words
    assert machine.installed() == {"restream.toml": TOML + "# 1\n"}


def test_a_rewritten_branch_is_refused(machine: GitMachine) -> None:
    """Also one that only goes back; a commit that follows the applied one is taken again."""
    first = machine.author.commit({"restream.toml": TOML + "# 1\n"})
    machine.take()
    second = machine.author.commit({"restream.toml": TOML + "# 2\n"})
    machine.take()
    machine.author.git("reset", "--quiet", "--hard", first)
    machine.author.make_bundle()
    back = machine.take()
    other = machine.author.commit({"restream.toml": TOML + "# other\n"})
    for record, commit in ((back, first), (machine.take(), other)):
        assert (record.commit, record.result, record.applied) == (commit, "not forward", second)
        assert f"it does not follow {second[:12]}" in record.words
    assert machine.installed() == {"restream.toml": TOML + "# 2\n"}
    machine.author.git("reset", "--quiet", "--hard", second)
    third = machine.author.commit({"restream.toml": TOML + "# 3\n"})
    assert machine.take().applied == third


def test_only_signed_commits_are_taken_where_that_is_asked_for(machine: GitMachine) -> None:
    """An unsigned one is refused, and so is a stranger's; then a signed one is taken."""
    alice, mallory = machine.author.new_key("alice"), machine.author.new_key("mallory")
    machine.signers = machine.author.allow(alice)
    for key in (None, mallory):
        machine.author.commit({"restream.toml": f"{TOML}# {key}\n"}, key=key)
        record = machine.take()
        assert record.result == "not signed"
        assert record.words.startswith("no allowed signer has signed it")
    assert machine.installed() == {"restream.toml": TOML}
    commit = machine.author.commit({"restream.toml": f"{TOML}# signed\n"}, key=alice)
    assert machine.take().applied == commit


def test_a_file_of_signers_that_others_can_change_is_an_error(machine: GitMachine) -> None:
    """They could allow themselves; nothing is noted of the commit."""
    machine.signers = machine.author.allow(machine.author.new_key("alice"))
    machine.signers.chmod(0o666)
    machine.author.commit({"restream.toml": TOML})
    with pytest.raises(RestreamError, match="could be changed by others than root"):
        machine.take()
    machine.signers.unlink()
    with pytest.raises(RestreamError, match="No such file"):
        machine.take()
    assert from_git.read(machine.root) is None


def test_a_commit_without_a_toml_is_refused(machine: GitMachine) -> None:
    """An empty repository takes nothing off air."""
    machine.author.commit({"README": "x"})
    assert machine.take().words == "the commit has no restream.toml"


def test_before_the_first_apply_nothing_is_taken(machine: GitMachine) -> None:
    """There is no unit yet that could apply it."""
    machine.unit.state = "not-found"
    machine.author.commit({"restream.toml": TOML + "# 1\n"})
    with pytest.raises(RestreamError, match="nothing was applied on this machine yet"):
        machine.take()
    assert machine.installed() == {"restream.toml": TOML}
