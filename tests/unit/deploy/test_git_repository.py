"""What root reads of a bundle: commits, signatures and files, with git itself."""

import os
from pathlib import Path

import pytest

from restream_agent.base.errors import CommandError, RestreamError
from restream_agent.deploy import git_repository
from restream_agent.deploy.git_repository import GitRepository
from tests.unit.deploy.commits import Author

FAKE_GPG = """\
#!/bin/sh
cat > /dev/null
case "$*" in
*--verify*) printf '\\n[GNUPG:] GOODSIG 0123456789ABCDEF Mallory\\n[GNUPG:] TRUST_FULLY 0 pgp\\n' ;;
*) printf '\\n[GNUPG:] SIG_CREATED D\\n' >&2; echo '-----BEGIN PGP SIGNATURE-----' ;;
esac
"""


@pytest.fixture
def author(tmp_path: Path) -> Author:
    return Author(tmp_path)


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path / "root" / "repository")


def test_a_bundle_is_read_into_a_repository_of_ones_own(author: Author, repository: GitRepository) -> None:
    """Again and again, also after the branch was rewritten."""
    first = author.commit({"restream.toml": "1"})
    assert repository.take(author.bundle) == first
    second = author.commit({"restream.toml": "2"})
    assert repository.take(author.bundle) == second
    assert (repository.is_forward(first, second), repository.is_forward(second, first)) == (True, False)
    author.git("reset", "--quiet", "--hard", first)
    third = author.commit({"restream.toml": "3"})
    assert repository.take(author.bundle) == third
    assert not repository.is_forward(second, third)
    assert not repository.is_forward("0" * 40, third)


def test_without_a_bundle_the_fetch_is_named(repository: GitRepository, tmp_path: Path) -> None:
    """As before the first fetch."""
    with pytest.raises(RestreamError, match="does not exist") as caught:
        repository.take(tmp_path / "no.bundle")
    assert caught.value.hint == "systemctl start restream-git-fetch"


def test_what_is_no_bundle_is_an_error(repository: GitRepository, tmp_path: Path) -> None:
    """Git says what it is."""
    (tmp_path / "bad.bundle").write_bytes(b"# v2 git bundle\n\0\1\2")
    with pytest.raises(CommandError):
        repository.take(tmp_path / "bad.bundle")


def test_only_the_files_of_the_toml_are_read(author: Author, repository: GitRepository) -> None:
    """At the top, or in a directory; neither the policy nor hidden files are among them."""
    files = {
        "restream.toml": "top",
        "platforms.d/a.toml": "a",
        "platforms.d/.hidden.toml": "no",
        "platforms.d/notes.txt": "no",
        "policy.toml": "no",
        "studio/restream.toml": "studio",
        "other/platforms.d/b.toml": "no",
    }
    for name in ("studio", "other"):
        (author.work / name).mkdir()
    commit = author.commit(files)
    repository.take(author.bundle)
    assert repository.files(commit, "") == {"restream.toml": "top", "platforms.d/a.toml": "a"}
    assert repository.files(commit, "/studio/") == {"restream.toml": "studio"}
    with pytest.raises(RestreamError, match=r"the commit has no nowhere/restream\.toml"):
        repository.files(commit, "nowhere")


def test_a_link_is_not_followed(author: Author, repository: GitRepository) -> None:
    """Neither as a file nor as the directory on the way."""
    (author.work / "restream.toml").symlink_to("/etc/shadow")
    commit = author.commit({})
    repository.take(author.bundle)
    with pytest.raises(RestreamError, match=r"restream\.toml is no regular file in the commit"):
        repository.files(commit, "")
    (author.work / "restream.toml").unlink()
    (author.work / "platforms.d").symlink_to("/etc/restream-agent")
    commit = author.commit({"restream.toml": "1"})
    repository.take(author.bundle)
    assert repository.files(commit, "") == {"restream.toml": "1"}


def test_what_is_no_text_is_refused(author: Author, repository: GitRepository) -> None:
    """It would be written as something else."""
    (author.work / "restream.toml").write_bytes(b"\xff\xfe\x00")
    commit = author.commit({})
    repository.take(author.bundle)
    with pytest.raises(RestreamError, match="is not UTF-8 text"):
        repository.files(commit, "")


def test_a_signature_has_to_be_one_of_the_allowed(author: Author, repository: GitRepository) -> None:
    """Not none, not a stranger's, and not one under another content."""
    alice, mallory = author.new_key("alice"), author.new_key("mallory")
    signers = author.allow(alice)
    signed = author.commit({"restream.toml": "1"}, key=alice)
    unsigned = author.commit({"restream.toml": "2"})
    strange = author.commit({"restream.toml": "3"}, key=mallory)
    repository.take(author.bundle)
    assert repository.signature_complaint(signed, signers) == ""
    assert repository.signature_complaint(unsigned, signers) == "it has no signature"
    assert repository.signature_complaint(strange, signers) != ""
    raw = author.git("cat-file", "commit", signed).replace("a change", "another change")
    (author.place / "forged").write_text(raw + "\n")
    forged = author.git("hash-object", "-t", "commit", "-w", str(author.place / "forged"))
    author.git("update-ref", "refs/heads/incoming", forged)
    author.git("bundle", "create", "--quiet", str(author.bundle), "incoming")
    assert repository.take(author.bundle) == forged
    assert repository.signature_complaint(forged, signers) != ""


def test_another_kind_of_signature_is_none(
    author: Author, repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit names the kind; a gpg with a key that root knows, for whatever purpose, would say yes."""
    signers = author.allow(author.new_key("alice"))
    gpg = author.place / "programs" / "gpg"
    gpg.parent.mkdir()
    gpg.write_text(FAKE_GPG)
    gpg.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gpg.parent}:{os.environ['PATH']}")
    author.commit({"restream.toml": "1"})
    author.git("-c", "gpg.format=openpgp", "commit", "--quiet", "--amend", "-S", "-m", "signed by a fake")
    author.make_bundle()
    commit = repository.take(author.bundle)
    assert "BEGIN PGP SIGNATURE" in author.git("cat-file", "commit", commit)
    assert author.git("verify-commit", commit) == ""
    assert repository.signature_complaint(commit, signers) != ""


def test_only_a_file_is_a_bundle(author: Author, repository: GitRepository) -> None:
    """Git would take a repository, a link, or a file that leads to a repository, with its configuration."""
    author.commit({"restream.toml": "1"})
    link, leads, fifo = author.place / "link", author.place / "leads", author.place / "fifo"
    link.symlink_to(author.bundle)
    leads.write_text(f"gitdir: {author.work}/.git\n")
    os.mkfifo(fifo)
    for place in (author.work, link, leads, fifo):
        with pytest.raises(RestreamError, match="is not a bundle of Git"):
            repository.take(place)
    assert list((author.place / "root" / "repository").glob("*.bundle")) == []


def test_no_tree_is_walked(author: Author, repository: GitRepository) -> None:
    """A kilobyte may hold more files than there is memory: ten directories of ten each, nine times."""
    kind, inner = "100644 blob", author.git("hash-object", "-w", "--stdin")
    for _ in range(9):
        entries = "".join(f"{kind} {inner}\t{number}.toml\n" for number in range(10))
        kind, inner = "040000 tree", author.git("mktree", input=entries)
    author.commit_trees({"z": inner})
    assert repository.files(repository.take(author.bundle), "") == {"restream.toml": ""}
    author.commit_trees({"platforms.d": inner})
    commit = repository.take(author.bundle)
    with pytest.raises(RestreamError, match=r"0\.toml is no regular file in the commit"):
        repository.files(commit, "")


def test_all_files_together_have_a_limit(author: Author, repository: GitRepository) -> None:
    """One text under many names is one blob in the repository, and many in memory."""
    for text, count in (("#" * 2**20, 17), ("", 1001)):
        blob = author.git("hash-object", "-w", "--stdin", input=text)
        entries = "".join(f"100644 blob {blob}\t{number:04}.toml\n" for number in range(count))
        author.commit_trees({"platforms.d": author.git("mktree", input=entries)})
        commit = repository.take(author.bundle)
        with pytest.raises(RestreamError, match=r"longer than 16 MiB, or more than 1000"):
            repository.files(commit, "")


def test_what_rewritten_branches_have_left_is_bounded(
    author: Author, repository: GitRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repository that has grown too large is made anew from the bundle, which has a limit, too."""
    first = author.commit({"restream.toml": "1"})
    assert repository.take(author.bundle) == first
    left = author.place / "root" / "repository" / "objects" / "pack" / "tmp_pack_left"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"x" * 100_000)
    monkeypatch.setattr(git_repository, "_LARGEST_REPOSITORY", 90_000)
    assert repository.take(author.bundle) == first
    assert not left.exists()
    monkeypatch.setattr(git_repository, "LARGEST_BUNDLE", 10)
    with pytest.raises(RestreamError, match="is longer than"):
        repository.take(author.bundle)
