"""Git's own commands on a repository of root's, which has no work tree and never sees the network.

Commits arrive as a bundle, git-bundle(1): a file of plain data, in which no configuration and no hook can be.
Whoever wrote them may wish the machine ill: all that is read has a limit, and no tree is walked but the one
directory of the TOML.
"""

import os
import re
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from restream_agent.base import process, toml_files
from restream_agent.base.errors import CommandError, RestreamError

_TIMEOUT = 60.0
"""Seconds. The history of some files takes less, also on a busy machine."""

LARGEST_BUNDLE = 256 * 1024 * 1024
"""Bytes, as many as restream-git-fetch.service writes. The history of a TOML has some MB after years."""

_LARGEST_REPOSITORY = 2 * LARGEST_BUNDLE
"""Bytes on the disk; what branches that were rewritten have left counts, too."""

_MOST_FILES = 1000
"""Files beside the TOML: ten times what anybody has platforms."""

_BEGINNINGS = (b"# v2 git bundle\n", b"# v3 git bundle\n")
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
        if _size(self._directory) > _LARGEST_REPOSITORY:
            shutil.rmtree(self._directory)  # the bundle has the whole history of the branch
        if not (self._directory / "HEAD").exists():
            self._git("init", "--quiet", "--bare", "--template=", str(self._directory))
        with _copied(bundle, self._directory) as copy:
            options = ("-c", "transfer.fsckObjects=true", "-c", "pack.threads=1")
            fetch = ("fetch", "--quiet", "--no-tags", str(copy), f"+refs/heads/incoming:{_INCOMING}")
            self._git(*options, *fetch)
        return self._git("rev-parse", "--verify", f"{_INCOMING}^{{commit}}").strip()

    def is_forward(self, before: str, commit: str) -> bool:
        """Whether a commit is one that follows another, or the same."""
        argv = (*self._command, "merge-base", "--is-ancestor", before, commit)
        return process.run(argv, timeout=_TIMEOUT, ok=(0, 1, 128)).returncode == 0

    def signature_complaint(self, commit: str, signers: Path) -> str:
        """Return why nobody of a file of allowed signers has signed a commit, "" if somebody has.

        The file is that of ssh-keygen(1).
        """
        settings = (
            "gpg.format=ssh",
            f"gpg.ssh.allowedSignersFile={signers}",
            # The commit chooses its kind of signature: OpenPGP's would be good by any key that root knows.
            "gpg.openpgp.program=/bin/false",
            "gpg.x509.program=/bin/false",
        )
        try:
            self._git(*(word for setting in settings for word in ("-c", setting)), "verify-commit", commit)
        except CommandError as error:
            first = error.output.strip().partition("\n")[0]
            return first or "it has no signature"
        return ""

    def files(self, commit: str, directory: str) -> dict[str, str]:
        """Return the files of the TOML in a directory of a commit: the text of each, by its path beside it.

        Raises RestreamError for a link, for what is no text, for more or longer files than anybody has, and
        without a TOML.
        """
        start, found = f"{directory.strip('/')}/".lstrip("/"), dict[str, str]()
        left = toml_files.LARGEST
        for entry, name in self._listed(commit, start):
            mode, kind, blob, size = entry.split()
            if mode not in _FILE_MODES or kind != "blob":
                raise RestreamError(f"{name} is no regular file in the commit: links are not followed")
            left -= int(size)
            if left < 0 or len(found) > _MOST_FILES:
                raise RestreamError(
                    f"the files of the TOML are longer than {toml_files.LARGEST // 2**20} MiB, "
                    f"or more than {_MOST_FILES}"
                )
            found[name] = self._text(name, blob)
        if _TOML not in found:
            raise RestreamError(f"the commit has no {start}{_TOML}")
        return found

    def _listed(self, commit: str, start: str) -> Iterator[tuple[str, str]]:
        """Yield the entry, and the name below `start`, of each file of the TOML that a commit has."""
        # Not -r: ten trees of ten trees each, and so on, fit into a kilobyte and have more files than memory.
        names = (f"{start}{_TOML}", f"{start}{toml_files.PLATFORMS}/")
        listed = self._git("ls-tree", "-z", "-l", "--full-tree", commit, "--", *names)
        for line in listed.split("\0")[:-1]:
            entry, _, path = line.partition("\t")
            name = path.removeprefix(start)
            if name == _TOML or _PLATFORM.fullmatch(name):
                yield entry, name

    def _text(self, name: str, blob: str) -> str:
        text = self._git("cat-file", "blob", blob)
        if "\N{REPLACEMENT CHARACTER}" in text:
            raise RestreamError(f"{name} is not UTF-8 text")
        return text

    @property
    def _command(self) -> tuple[str, ...]:
        return ("git", f"--git-dir={self._directory}")

    def _git(self, *arguments: str) -> str:
        return process.run((*self._command, *arguments), timeout=_TIMEOUT).stdout


@contextmanager
def _copied(bundle: Path, directory: Path) -> Iterator[Path]:
    """Yield a copy of a bundle in a directory of root's.

    Another user has written it. Git would follow a link, serve a directory or a file that names one as a
    repository, with its configuration, and wait for a FIFO. Raises RestreamError for all but a bundle.
    """
    try:
        handle = os.open(bundle, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        file = os.fdopen(handle, "rb")  # it refuses a directory
    except OSError as error:
        raise RestreamError(f"{bundle} is not a bundle of Git: {error.strerror}") from error
    with file, tempfile.NamedTemporaryFile(dir=directory, suffix=".bundle") as copy:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or not file.read(len(_BEGINNINGS[0])).startswith(_BEGINNINGS):
            raise RestreamError(f"{bundle} is not a bundle of Git")
        if status.st_size > LARGEST_BUNDLE:
            raise RestreamError(f"{bundle} is longer than {LARGEST_BUNDLE // 2**20} MiB")
        file.seek(0)
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)


def _size(directory: Path) -> int:
    """Return how many bytes the files below a directory have, also what a killed git has left."""
    return sum(each.lstat().st_size for each in directory.rglob("*"))
