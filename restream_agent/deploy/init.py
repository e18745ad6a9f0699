"""`restream-agent init`: the first TOML and its keys, written together or not at all."""

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import package_files, paths
from restream_agent.base.errors import ConfigError, Problem, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.files import locate, remove, write
from restream_agent.base.target import TargetMachine
from restream_agent.config import file
from restream_agent.config.first_toml import FirstToml, first_toml
from restream_agent.config.load import Loaded, examine
from restream_agent.config.model import Config
from restream_agent.config.secret_uses import INGEST, named_secrets
from restream_agent.deploy import checking, credentials, policy_checks, toml_change
from restream_agent.fallback import preparation
from restream_agent.render import assets
from restream_agent.systemd import systemctl


@dataclass(frozen=True)
class FirstFile:
    """The TOML that is to be written: its place, its text, and what the text says.

    `policy` is the text of a policy that opens what the text needs, "" if it needs none.
    """

    place: Path
    text: str
    loaded: Loaded
    policy: str = ""

    @property
    def config(self) -> Config:
        """The configuration."""
        assert self.loaded.config is not None
        return self.loaded.config


def require_place(target: TargetMachine) -> None:
    """Raise RestreamError where there is nothing to set up: without systemd, and for others than root."""
    if not target.is_this_machine:
        return
    if not systemctl.is_running():
        raise RestreamError(
            "systemd is not running here: try `make demo`, or write files with init --root DIR"
        )
    if os.geteuid() != 0:
        raise RestreamError("init has to be root", hint="sudo restream-agent init")


def existing(target: TargetMachine) -> Path | None:
    """Return the TOML that there is already; None before the first run."""
    place = file.config_path(target.root, None)
    return place if place.exists() or place.is_symlink() else None


def add_missing_keys(target: TargetMachine) -> tuple[str, ...]:
    """Make each key of OBS's that the TOML names and that is not stored, and return their names.

    So a TOML that comes from git needs no key by hand. A TOML that cannot be read needs none yet.
    """
    try:
        config, _ = file.read(file.config_path(target.root, None))
    except ConfigError:
        return ()
    stored = credentials.names(target.root)
    named = (use.reference.credential for use in named_secrets(config) if use.is_obs_key)
    missing = tuple(name for name in dict.fromkeys(named) if name is not None and name not in stored)
    for name in missing:
        credentials.store(target, name, _new_key(), encrypt=False)
    return missing


def first_file(target: TargetMachine, answers: FirstToml) -> FirstFile:
    """Return the TOML for what was answered; ConfigError with every problem of it, also of its video."""
    place = file.config_path(target.root, None)
    documentation, schema = assets.documentation(), package_files.schema_for_editors()
    text = first_toml(answers, str(documentation), str(schema))
    loaded = examine(text, source=str(place))
    found = problems(loaded)
    if found:
        raise ConfigError(found, outcome="nothing was written")
    assert loaded.config is not None
    policy = policy_checks.opening(loaded.config, target.root)
    refused = () if policy else policy_checks.problems(loaded.config, target.root, str(place))
    if refused:
        raise ConfigError(loaded.document.located(refused), outcome="nothing was written")
    return FirstFile(place, text, loaded, policy)


def problems(loaded: Loaded) -> tuple[Problem, ...]:
    """Return what is wrong with a TOML without its keys, which are not stored yet."""
    if loaded.config is None or loaded.problems:
        return loaded.problems
    if not loaded.config.fallback.video:
        return ()
    return loaded.document.located(preparation.problems(loaded.config, loaded.document.source))


def complaint(answers: FirstToml) -> str:
    """Return the first thing that is wrong with some answers, in a line; "" if nothing is."""
    first = next(iter(problems(examine(first_toml(answers, "", ""), source=""))), None)
    if first is None:
        return ""
    return f"{first.message} ({first.hint})" if first.hint else first.message


def write_first(
    target: TargetMachine, first: FirstFile, keys: Mapping[str, bytes], *, encrypt: bool
) -> tuple[str, ...]:
    """Store the keys, then write the TOML; return the names of the stored keys.

    OBS's key is made unless there is one. If anything fails, or is interrupted, nothing of it is left. Raises
    ConfigError if a key cannot be used, RestreamError if a file cannot be written.
    """
    try:
        with _directories(target.root), ExitStack() as undo:
            stored = credentials.names(target.root)
            new = dict(keys) if INGEST in stored else {INGEST: _new_key(), **keys}
            for name, key in new.items():
                undo.enter_context(toml_change.new_key(target, name, key, encrypt=encrypt))
            undo.enter_context(_new_policy(target.root, first.policy))
            found = checking.usable_problems(first.loaded, target)
            if found:
                raise ConfigError(found, outcome="nothing was written")
            # Last, as this file is what tells a machine that is set up. Readable for root alone: a user may
            # write a key into it.
            write(target.root, paths.CONFIG, File(first.text, mode=0o600))
    except PermissionError as error:
        message = f"{error.filename}: {error.strerror}; init has to be root"
        raise RestreamError(message, hint="sudo restream-agent init") from error
    except OSError as error:
        raise RestreamError(f"{error.filename}: {error.strerror}") from error
    return tuple(new)


@contextmanager
def _new_policy(root: Path, text: str) -> Iterator[None]:
    """Write a policy where there is none, unless its text is empty; if the block fails, it goes again."""
    try:
        if text:
            write(root, paths.POLICY, File(text))
        yield
    except BaseException:
        if text:
            remove(root, paths.POLICY)
        raise


def _new_key() -> bytes:
    return secrets.token_urlsafe(18).encode()


@contextmanager
def _directories(root: Path) -> Iterator[None]:
    """Make the directories of the TOML and of its keys; if the block fails, those that are new go again."""
    directory = locate(root, paths.CREDENTIALS)
    places = (directory, locate(root, paths.ENCRYPTED_CREDENTIALS), *directory.parents)
    new = [each for each in places if not each.exists()]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        directory.parent.chmod(0o755)  # whatever the umask is: the services read their settings there
        yield
    except BaseException:
        for each in new:
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()
        raise
