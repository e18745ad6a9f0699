"""Git's own commands on a repository of root's, which has no work tree and never sees the network.

Commits arrive as a bundle, git-bundle(1): a file of plain data, in which no configuration and no hook can be.
"""

import re
from pathlib import Path

from restream_agent.base import process, toml_files
from restream_agent.base.errors import CommandError, RestreamError

_TIMEOUT = 60.0
"""Seconds. The history of some files takes less, also on a busy machine."""

_INCOMING = "refs/restream/incoming"
_TOML = "restream.toml"
_PLATFORM = re.compile(rf"{re.escape(toml_files.PLATFORMS)}/[^./][^/]*\.toml")
_FILE_MODES = ("100644", "100755")


class GitRepository:
    """A bare repository; it is made at the first use."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def take(self, bundle: Path) -> str:
        """Read the commits of a bundle, and return the one at its branch; RestreamError if it has none."""
        if not bundle.exists():
            raise RestreamError(f"{bundle} does not exist", hint="systemctl start restream-git-fetch")
        if not (self._directory / "HEAD").exists():
            self._git("init", "--quiet", "--bare", "--template=", str(self._directory))
        source = ("-c", "transfer.fsckObjects=true", "fetch", "--quiet", "--no-tags", str(bundle))
        self._git(*source, f"+refs/heads/incoming:{_INCOMING}")
        return self._git("rev-parse", "--verify", f"{_INCOMING}^{{commit}}").strip()

    def is_forward(self, before: str, commit: str) -> bool:
        """Whether a commit is one that follows another, or the same."""
        argv = (*self._command, "merge-base", "--is-ancestor", before, commit)
        return process.run(argv, timeout=_TIMEOUT, ok=(0, 1, 128)).returncode == 0

    def signature_complaint(self, commit: str, signers: Path) -> str:
        """Return why nobody of a file of allowed signers has signed a commit, "" if somebody has.

        The file is that of ssh-keygen(1).
        """
        options = ("-c", "gpg.format=ssh", "-c", f"gpg.ssh.allowedSignersFile={signers}")
        try:
            self._git(*options, "verify-commit", commit)
        except CommandError as error:
            first = error.output.strip().partition("\n")[0]
            return first or "it has no signature"
        return ""

    def files(self, commit: str, directory: str) -> dict[str, str]:
        """Return the files of the TOML in a directory of a commit: the text of each, by its path beside it.

        Raises RestreamError for a link, for what is no text or too long, and without a TOML.
        """
        start, found = f"{directory.strip('/')}/".lstrip("/"), dict[str, str]()
        for line in self._git("ls-tree", "-r", "-z", "-l", "--full-tree", commit).split("\0")[:-1]:
            entry, _, path = line.partition("\t")
            name = path.removeprefix(start)
            if path.startswith(start) and (name == _TOML or _PLATFORM.fullmatch(name)):
                found[name] = self._text(name, *entry.split())
        if _TOML not in found:
            raise RestreamError(f"the commit has no {start}{_TOML}")
        return found

    def _text(self, name: str, mode: str, kind: str, blob: str, size: str) -> str:
        if mode not in _FILE_MODES or kind != "blob":
            raise RestreamError(f"{name} is no regular file in the commit: links are not followed")
        if int(size) > toml_files.LARGEST:
            raise RestreamError(f"{name} is longer than 16 MiB")
        text = self._git("cat-file", "blob", blob)
        if "\N{REPLACEMENT CHARACTER}" in text:
            raise RestreamError(f"{name} is not UTF-8 text")
        return text

    @property
    def _command(self) -> tuple[str, ...]:
        return ("git", f"--git-dir={self._directory}")

    def _git(self, *arguments: str) -> str:
        return process.run((*self._command, *arguments), timeout=_TIMEOUT).stdout
