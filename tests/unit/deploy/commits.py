"""A repository in which a test makes commits, as its author would, and the bundle that is fetched from it."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

WHO = ("-c", "user.name=Alice", "-c", "user.email=alice@example.org", "-c", "commit.gpgsign=false")


@dataclass
class Author:
    """An author with a repository and a key to sign with, below a directory."""

    place: Path

    def __post_init__(self) -> None:
        self.work.mkdir()
        self.git("init", "--quiet", "--initial-branch=incoming")

    @property
    def work(self) -> Path:
        return self.place / "work"

    @property
    def bundle(self) -> Path:
        return self.place / "incoming.bundle"

    def git(self, *arguments: str, input: str = "") -> str:
        """Run git in the repository, with its standard input; return what it says."""
        argv = ("git", "-C", str(self.work), *WHO, *arguments)
        return subprocess.run(argv, check=True, capture_output=True, text=True, input=input).stdout.strip()

    def commit_trees(self, trees: dict[str, str]) -> str:
        """Commit an empty restream.toml and trees, by their names at the top; return the commit."""
        lines = [f"040000 tree {tree}\t{name}" for name, tree in trees.items()]
        lines.append(f"100644 blob {self.git('hash-object', '-w', '--stdin')}\trestream.toml")
        commit = self.git("commit-tree", "-m", "trees", self.git("mktree", input="\n".join(lines)))
        self.git("update-ref", "refs/heads/incoming", commit)
        self.make_bundle()
        return commit

    def commit(self, files: dict[str, str], *, key: Path | None = None) -> str:
        """Commit files, signed with a key if there is one; return the commit, which the bundle then has."""
        for name, text in files.items():
            (self.work / name).parent.mkdir(exist_ok=True)
            (self.work / name).write_text(text)
        self.git("add", "--all")
        return self.commit_index(key=key)

    def commit_index(self, *, key: Path | None = None) -> str:
        """Commit what is added."""
        signed = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={key}") if key else ()
        flags = ("-S",) if key else ()
        self.git(*signed, "commit", "--quiet", "--allow-empty", *flags, "-m", "a change")
        self.make_bundle()
        return self.git("rev-parse", "HEAD")

    def make_bundle(self) -> None:
        """Have the bundle hold what the branch has now."""
        self.git("bundle", "create", "--quiet", str(self.bundle), "incoming")

    def new_key(self, name: str) -> Path:
        """Make a key to sign with."""
        key = self.place / name
        subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)), check=True)
        return key

    def allow(self, key: Path) -> Path:
        """Return a file of allowed signers with one key."""
        signers = self.place / "allowed_signers"
        signers.write_text(f"alice@example.org {key.with_suffix('.pub').read_text()}")
        return signers
