"""The credentials that `restream-agent secret` keeps: it stores, lists and removes them, and shows no secret.

A credential is a file that belongs to root, with mode 0600 from its first byte on. Encrypted credentials
(systemd-creds(1)) are in a directory of their own, as in systemd's /etc/credstore.encrypted, so that the
two kinds cannot be confused; units get them with LoadCredentialEncrypted=.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from restream_agent.base import paths, secret_text
from restream_agent.base.errors import ConfigError, RestreamError
from restream_agent.base.file_tree import File
from restream_agent.base.files import locate, write
from restream_agent.base.target import TargetMachine
from restream_agent.config import file
from restream_agent.config.model import Config
from restream_agent.config.secret_uses import INGEST, SecretUse, named_secrets
from restream_agent.config.values import CREDENTIAL_NAME, CREDENTIAL_NAME_HINT
from restream_agent.deploy import secret_checks
from restream_agent.systemd import systemctl, unit_names

LONGEST_INPUT = 64 * 1024
"""Bytes. What is longer on standard input is not a key, whatever comes after it."""


@dataclass(frozen=True)
class Credential:
    """What may be shown of a credential.

    `users` are its users in the TOML. `age` is in seconds, None if the credential is missing.
    """

    name: str
    users: tuple[str, ...]
    age: float | None
    is_encrypted: bool


def store(target: TargetMachine, name: str, data: bytes, *, encrypt: bool) -> Path:
    """Store a secret under a name, in place of an earlier one, and return its file.

    A credential that is encrypted stays encrypted. Raises RestreamError if the name or the secret
    cannot be used, and if systemd-creds fails.
    """
    _require_name(name)
    secret = data.strip()  # blanks and line breaks are copied by mistake; no platform's key has them
    complaint = secret_checks.complaint(secret)
    if complaint:
        raise RestreamError(f"the secret {complaint}", hint="nothing was changed")
    _require_for_obs(target.root, name, secret.decode())
    is_encrypted = encrypt or name in secret_checks.encrypted(target.root)
    if is_encrypted and not target.is_this_machine:
        raise RestreamError("a secret is encrypted for this machine only", hint="leave --root out")
    content = systemctl.encrypted(secret) if is_encrypted else f"{secret.decode()}\n"
    path = _path(name, is_encrypted=is_encrypted)
    _make_directory(locate(target.root, path).parent)
    write(target.root, path, File(content, mode=0o600, is_secret=True))
    _unlink(locate(target.root, _path(name, is_encrypted=not is_encrypted)))
    return locate(target.root, path)


def _require_for_obs(root: Path, name: str, secret: str) -> None:
    """Refuse a key that OBS cannot send, if it is OBS's.

    Without a TOML the name that `init` uses tells which key is OBS's, and no server is known.
    """
    try:
        config, _ = file.read(file.config_path(root, None))
    except ConfigError:
        is_for_obs, server = name == INGEST, None
    else:
        named = (use for use in named_secrets(config) if use.reference.credential == name)
        is_for_obs, server = any(use.is_obs_key for use in named), config.ingest.server
    complaint = secret_text.obs_complaint(secret, server) if is_for_obs else ""
    if complaint:
        hint = f"nothing was changed; {secret_text.NEW_KEY} makes another"
        raise RestreamError(f"the secret {complaint}", hint=hint)


def retry_apply(systemd: systemctl.Systemd) -> bool:
    """Have systemd apply the TOML again if the last automatic apply failed; return whether it does.

    It may have failed because this credential was missing.
    """
    state = systemd.active(unit_names.APPLY_UNIT).get(unit_names.APPLY_UNIT)
    if state == "activating":  # systemd has waited for this file (awaited.py)
        return True
    if state != "failed":
        return False
    reason = "a credential was stored, and the last apply failed"
    systemd.change("start", (unit_names.APPLY_UNIT,), reason=reason, wait=False)
    return True


def list_credentials(root: Path, config: Config) -> tuple[Credential, ...]:
    """Return every credential that is stored or that the TOML names, by name."""
    ages = _ages(root)
    found = {name for name, _ in ages}
    found |= {name for use in named_secrets(config) if (name := use.reference.credential) is not None}
    entries = []
    for name in sorted(found):
        is_encrypted = (name, True) in ages
        entries.append(Credential(name, users(config, name), ages.get((name, is_encrypted)), is_encrypted))
    return tuple(entries)


def names(root: Path) -> frozenset[str]:
    """Return the names of the stored credentials; RestreamError if this user may not look."""
    return frozenset(name for name, _ in _ages(root))


def remove(root: Path, name: str, used_by: tuple[str, ...]) -> None:
    """Remove a credential; RestreamError if it has users, or if it does not exist."""
    if used_by:
        raise RestreamError(
            f"{name} is in use by {', '.join(used_by)}; the next apply would fail without it",
            hint="take it out of the TOML first, or give --force",
        )
    _require_name(name)
    removed = [_unlink(locate(root, _path(name, is_encrypted=kind))) for kind in (False, True)]
    if not any(removed):
        raise RestreamError(f"there is no credential {name}", hint="restream-agent secret list")


def users(config: Config, name: str) -> tuple[str, ...]:
    """Return the users of a credential in the TOML, disabled platforms included."""
    return tuple(use.user for use in uses(config, name))


def uses(config: Config, name: str) -> tuple[SecretUse, ...]:
    """Return where the TOML uses a credential, disabled platforms included."""
    return tuple(use for use in named_secrets(config) if use.reference.credential == name)


def _ages(root: Path) -> dict[tuple[str, bool], float]:
    """Return the age of each credential in seconds, by its name and whether it is encrypted."""
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
        raise RestreamError(f"{name!r} is not a valid credential name", hint=CREDENTIAL_NAME_HINT)


def _path(name: str, *, is_encrypted: bool) -> str:
    return f"{paths.ENCRYPTED_CREDENTIALS if is_encrypted else paths.CREDENTIALS}/{name}"


def _make_directory(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.chmod(0o700)
    except OSError as error:
        raise RestreamError(f"{directory}: {error.strerror}", hint="run this as root (sudo)") from error


def _unlink(file: Path) -> bool:
    """Remove a file; return whether it existed."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise RestreamError(f"{file}: {error.strerror}", hint="run this as root (sudo)") from error
    return True
