"""From a commit to the TOML of this machine: taken if it is newer, signed and right; said in any case.

restream-apply.service applies it, as it does every edit, so that nothing is applied twice: the agent does not
act on an edit while that unit runs, and sees afterwards that the edit is applied.
"""

import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from restream_agent.base import files, paths, rights, toml_files
from restream_agent.base.errors import CommandError, ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.one_line import printable
from restream_agent.base.target import TargetMachine
from restream_agent.config import file
from restream_agent.deploy import checking, last_read, unconfirmed
from restream_agent.deploy.git_repository import GitRepository
from restream_agent.systemd import unit_names
from restream_agent.systemd.systemctl import Systemd
from restream_agent.wire import records
from restream_agent.wire.commit_record import CommitRecord, CommitResult
from restream_agent.wire.toml_mark import TomlMark

_TRIES = 2
_NO_REASON = "journalctl -u restream-apply says why"

Texts = Mapping[str, str]
"""The files of a TOML: the text of each, by its path beside the TOML."""


@dataclass(frozen=True)
class GitSource:
    """Where commits come from: a bundle, and the directory in it that has the TOML, "" for the top.

    `signers` is the file of those whose signature a commit has to have, None if it needs none.
    """

    bundle: Path
    directory: str = ""
    signers: Path | None = None


class RefusedCommitError(RestreamError):
    """A commit that is not taken."""

    def __init__(self, result: CommitResult, words: str) -> None:
        super().__init__(words)
        self.result = result


def take(
    repository: GitRepository, source: GitSource, target: TargetMachine, systemd: Systemd
) -> CommitRecord:
    """Apply the commit that a bundle has, if it is new, and return what became of it; it is noted, too.

    A commit that was applied, or that failed while it was applied, is not tried again; one that the check
    refused is, as a key may have come. Raises RestreamError if nothing is known of a commit.
    """
    before = read(target.root)
    commit = repository.take(source.bundle)
    if before is not None and commit == before.commit and before.result in ("applied", "failed"):
        return before
    _require_time(target, systemd)
    applied = "" if before is None else before.applied
    try:
        _require_trust(repository, source, commit, applied)
        _install(_texts(repository, source, commit), target, systemd)
        record = CommitRecord(commit, "applied", "", commit, time.time())
    except RefusedCommitError as error:
        record = CommitRecord(commit, error.result, printable(error.message), applied, time.time())
    if before is None or replace(record, at=before.at) != before:
        files.write(target.root, paths.COMMIT, File(records.to_file(record)))
        return record
    return before


def read(root: Path) -> CommitRecord | None:
    """Return what is noted of the last commit; None if there is none."""
    with suppress(OSError, ValueError, TypeError):
        return records.parse(CommitRecord, files.locate(root, paths.COMMIT).read_text())
    return None


def _require_time(target: TargetMachine, systemd: Systemd) -> None:
    """Raise RestreamError while an apply waits to be confirmed, and before the first apply."""
    unconfirmed.refuse(target.root)
    if systemd.show(unit_names.APPLY_UNIT, "LoadState") != "loaded":
        raise RestreamError("nothing was applied on this machine yet", hint="restream-agent apply, by hand")


def _require_trust(repository: GitRepository, source: GitSource, commit: str, applied: str) -> None:
    """Raise RefusedCommitError for a commit that does not follow the applied one, or is not signed."""
    if applied and not repository.is_forward(applied, commit):
        words = (
            f"it does not follow {applied[:12]}, which is applied: the branch was rewritten (a forced push)"
        )
        raise RefusedCommitError("not forward", words)
    if source.signers is None:
        return
    try:
        changeable = rights.changeable(source.signers, itself=True)
    except OSError as error:
        raise RestreamError(f"{source.signers}: {error.strerror}") from error
    if changeable is not None:
        raise RestreamError(
            f"{source.signers} could be changed by others than root, who may change {changeable}"
        )
    reason = repository.signature_complaint(commit, source.signers)
    if reason:
        raise RefusedCommitError("not signed", f"no allowed signer has signed it: {reason}")


def _texts(repository: GitRepository, source: GitSource, commit: str) -> Texts:
    try:
        return repository.files(commit, source.directory)
    except CommandError:
        raise
    except RestreamError as error:
        raise RefusedCommitError("refused", error.message) from error


def _install(texts: Texts, target: TargetMachine, systemd: Systemd) -> None:
    """Put the files in place and have them applied; if that fails, put back those of before.

    Files that are there already, and applied, are left alone.
    """
    installed, last = _installed(target), last_read.read(target.root)
    if installed == texts and (last is None or last.applied):
        return
    _check(texts, target)
    _put(texts, installed, target)
    reason = _apply(target, systemd)
    if reason:
        _put(installed, texts, target)
        with suppress(CommandError):  # so that the agent sees that the files of before are applied
            systemd.change("start", (unit_names.APPLY_UNIT,), reason="the files of before are back")
        raise RefusedCommitError("failed", reason)


def _apply(target: TargetMachine, systemd: Systemd) -> str:
    """Have the files in place applied, and return why they are not, "" if they are.

    An apply that was under way has read those of before, and counts for nothing.
    """
    for _ in range(_TRIES):
        reason = ""
        try:
            systemd.run_unit(unit_names.APPLY_UNIT, reason="a commit was taken", on_status=lambda _: None)
        except CommandError:
            reason = systemd.show(unit_names.APPLY_UNIT, "StatusText") or _NO_REASON
        last = last_read.read(target.root)
        looked = toml_files.look(files.locate(target.root, paths.CONFIG))
        if last is not None and looked is not None and last.is_same(TomlMark.of(looked)):
            return reason if not last.applied else ""
    return "restream-apply has not taken these files, as after restream-agent take-back"


def _check(texts: Texts, target: TargetMachine) -> None:
    """Raise RefusedCommitError with the first problem of files that are not in place yet."""
    with tempfile.TemporaryDirectory(prefix="restream-commit-") as name:
        for path, text in texts.items():
            files.write(Path(name), path, File(text, mode=0o600))
        try:
            loaded = file.examine(Path(name) / Path(paths.CONFIG).name)
            problems = loaded.problems or checking.usable_problems(loaded, target)
        except ConfigError as error:
            problems = error.problems
    if problems:
        raise RefusedCommitError("refused", _words(problems))


def _words(problems: tuple[Problem, ...]) -> str:
    """Return the first problem, and how many others there are; a file is named without its directory."""
    first = replace(problems[0], source=Path(problems[0].source).name)
    others = len(problems) - 1
    return f"{first}, and {others} more" if others else str(first)


def _installed(target: TargetMachine) -> Texts:
    place = files.locate(target.root, paths.CONFIG)
    found = toml_files.toml_files(place) if place.exists() else ()
    return {str(each.relative_to(place.parent)): file.read_text(each, exactly=True) for each in found}


def _put(texts: Texts, before: Texts, target: TargetMachine) -> None:
    """Write each file that differs in one step, then take away those that are no more."""
    place = files.locate(target.root, paths.CONFIG)
    mode = place.stat().st_mode & 0o777 if place.exists() else 0o600
    for path, text in texts.items():
        if before.get(path) != text:
            files.write(target.root, f"{paths.OWN_DIRECTORY}{path}", File(text, mode=mode))
    for path in before.keys() - texts.keys():
        files.locate(target.root, f"{paths.OWN_DIRECTORY}{path}").unlink(missing_ok=True)
