"""The credentials that `restream-agent secret` keeps: stored, listed, removed; never shown.

A credential is a file of root's, mode 0600 from its first byte on. One that is encrypted
(systemd-creds(1)) lies in a directory of its own, as in systemd's /etc/credstore.encrypted, so that
no name can be taken for the other kind; units get it with LoadCredentialEncrypted=.
"""

import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from restream_agent.base import paths
from restream_agent.base.errors import RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.files import locate, write
from restream_agent.config.model import Config
from restream_agent.config.table import SecretRef
from restream_agent.config.values import CREDENTIAL_NAME
from restream_agent.deploy import secret_checks
from restream_agent.systemd import systemctl
from restream_agent.systemd.time_spans import format_span

LONGEST_INPUT = 64 * 1024
"""Bytes. Enough to see that what is on stdin is no key."""


@dataclass(frozen=True)
class Stored:
    """What may be said of a credential: `age` in seconds, None if it is missing; `users` of the TOML."""

    name: str
    users: tuple[str, ...]
    age: float | None
    is_encrypted: bool


def store(root: Path, name: str, data: bytes, *, encrypt: bool) -> Path:
    """Put a secret in place of what was there and return its file; it stays encrypted if it was.

    Raises RestreamError for a name or a secret that cannot be one, and where systemd-creds fails.
    """
    _require_name(name)
    secret = data.rstrip(b"\r\n")
    complaint = secret_checks.complaint(secret, is_typed_in_url=False)
    if complaint:
        raise RestreamError(f"the secret {complaint}", hint="nothing was changed")
    is_encrypted = encrypt or name in secret_checks.encrypted(root)
    if is_encrypted and root != Path("/"):
        raise RestreamError("a secret is encrypted for this machine only", hint="leave --root out")
    content = systemctl.encrypted(secret) if is_encrypted else f"{secret.decode()}\n"
    path = _path(name, is_encrypted=is_encrypted)
    _make_directory(locate(root, path).parent)
    write(root, path, File(content, mode=0o600, is_secret=True))
    _unlink(locate(root, _path(name, is_encrypted=not is_encrypted)))
    return locate(root, path)


def listed(root: Path, config: Config) -> tuple[Stored, ...]:
    """Return every credential that is stored or that the TOML names, by name."""
    ages = _ages(root)
    found = []
    for name in sorted({*(name for name, _ in ages), *_named(config)}):
        is_encrypted = (name, True) in ages
        found.append(Stored(name, users(config, name), ages.get((name, is_encrypted)), is_encrypted))
    return tuple(found)


def table(found: tuple[Stored, ...]) -> str:
    """Return the credentials in words, a line each."""
    width = max((len(one.name) for one in found), default=0)
    return "\n".join(f"{one.name:<{width}}  {_state(one)}, {_used(one)}" for one in found)


def _state(one: Stored) -> str:
    if one.age is None:
        return f"missing: restream-agent secret set {one.name}"
    return f"{'encrypted' if one.is_encrypted else 'stored'} {format_span(round(one.age))} ago"


def _used(one: Stored) -> str:
    return f"used by {', '.join(one.users)}" if one.users else "not used"


def as_json(found: tuple[Stored, ...]) -> str:
    """Return the credentials as JSON; `age` in seconds."""
    return json.dumps([asdict(one) for one in found], indent=2)


def remove(root: Path, name: str, used_by: tuple[str, ...]) -> None:
    """Remove a credential; RestreamError while somebody uses it, or if there is none."""
    if used_by:
        raise RestreamError(
            f"{name} is in use by {', '.join(used_by)}; the next apply would fail without it",
            hint="take it out of the TOML first, or give --force",
        )
    _require_name(name)
    gone = [_unlink(locate(root, _path(name, is_encrypted=kind))) for kind in (False, True)]
    if not any(gone):
        raise RestreamError(f"there is no credential {name}", hint="restream-agent secret list")


def users(config: Config, name: str) -> tuple[str, ...]:
    """Return who in the TOML uses a credential, disabled platforms too."""
    return tuple(user for user, key in _keys(config) if key is not None and key.credential == name)


def _named(config: Config) -> set[str]:
    return {key.credential for _, key in _keys(config) if key is not None and key.credential is not None}


def _keys(config: Config) -> tuple[tuple[str, SecretRef | None], ...]:
    platforms = ((name, platform.key) for name, platform in config.platforms.items())
    return (("ingest", config.ingest.key), *platforms, *config.notify.secrets.items())


def _ages(root: Path) -> dict[tuple[str, bool], float]:
    """Return how old each credential is, in seconds, by its name and whether it is encrypted."""
    ages = {}
    for directory, is_encrypted in ((paths.CREDENTIALS, False), (paths.ENCRYPTED_CREDENTIALS, True)):
        try:
            for entry in os.scandir(locate(root, directory)):
                if CREDENTIAL_NAME.fullmatch(entry.name):
                    ages[entry.name, is_encrypted] = max(0.0, time.time() - entry.stat().st_mtime)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise RestreamError(f"{directory}: {error.strerror}", hint="run this as root (sudo)") from error
    return ages


def _require_name(name: str) -> None:
    if not CREDENTIAL_NAME.fullmatch(name):
        raise RestreamError(
            f"{name!r} is no name for a credential",
            hint="use up to 64 of A-Z, a-z, 0-9, _, . and -, not beginning with a dot",
        )


def _path(name: str, *, is_encrypted: bool) -> str:
    return f"{paths.ENCRYPTED_CREDENTIALS if is_encrypted else paths.CREDENTIALS}/{name}"


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.chmod(0o700)
    except OSError as error:
        raise RestreamError(f"{directory}: {error.strerror}", hint="run this as root (sudo)") from error


def _unlink(file: Path) -> bool:
    """Remove a file; whether it was there."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise RestreamError(f"{file}: {error.strerror}", hint="run this as root (sudo)") from error
    return True
