"""Secrets on the machine: whether they are there, and whether they have changed. Never what they are."""

import hashlib
import secrets
from pathlib import Path

from restream_agent.base import paths, secret_text, webhook_url
from restream_agent.base.errors import Problem, RestreamError
from restream_agent.base.files import locate
from restream_agent.config.model import Config
from restream_agent.config.notify import EXPOSED
from restream_agent.config.relays import relays
from restream_agent.config.table import SecretRef
from restream_agent.render.relays import key_file

_UNGUESSABLE = 12
"""Bytes. At a thousand guesses a second, 12 random letters and digits take 10^11 years; 6 take a year."""


def users(config: Config) -> dict[str, SecretRef]:
    """Return who uses a secret: relays by name, "ingest", and the keys of `[notify]`."""
    found = {relay.name: relay.key for relay in relays(config)} | config.notify.secrets
    return found if config.ingest.key is None else found | {"ingest": config.ingest.key}


def _path(user: str) -> str:
    if user.startswith("notify."):
        return user
    return "ingest.key" if user == "ingest" else f"platforms.{user.removesuffix('-backup')}.key"


def problems(config: Config, root: Path, source: str) -> tuple[Problem, ...]:
    """Return what is wrong with the secrets that the configuration names; nothing shows their contents.

    Raises RestreamError if that is not for this user to see.
    """
    found = []
    sealed = encrypted(root)
    for user, reference in users(config).items():
        if reference.plain is None:
            file = key_file(reference, user, sealed)
            reason = _file_complaint(locate(root, file), user, is_encrypted=reference.credential in sealed)
            if reason:
                found.append(Problem(source, 0, _path(user), f"{file} {reason}", _hint(reference)))
    return tuple(dict.fromkeys(found))


def remarks(config: Config, root: Path, source: str) -> tuple[Problem, ...]:
    """Return what deserves a warning though it works; what is in the TOML itself was looked at before."""
    sealed = encrypted(root)
    stored = {
        user: locate(root, key_file(reference, user, sealed)).read_bytes().strip()
        for user, reference in users(config).items()
        if user in ("ingest", "notify.webhook")
        and reference.plain is None
        and reference.credential not in sealed
    }
    found = []
    if len(stored.get("ingest", b"." * _UNGUESSABLE)) < _UNGUESSABLE:
        hint = "openssl rand -base64 18 makes one up that is not"
        found.append(Problem(source, 0, "ingest.key", "is short enough to be guessed", hint))
    if webhook_url.is_exposed(stored.get("notify.webhook", b"").decode()):
        found.append(Problem(source, 0, "notify.webhook", *EXPOSED))
    return tuple(found)


def encrypted(root: Path) -> frozenset[str]:
    """Return the names of the credentials that are stored encrypted; see credentials.py."""
    directory = locate(root, paths.ENCRYPTED_CREDENTIALS)
    try:
        return frozenset(entry.name for entry in directory.iterdir())
    except FileNotFoundError:
        return frozenset()
    except PermissionError as error:
        raise RestreamError(f"{directory} cannot be read", hint="run this as root (sudo)") from error


def _hint(reference: SecretRef) -> str:
    if reference.credential is not None:
        return f"store it: restream-agent secret set {reference.credential}"
    return f"put the key there: install -m 600 /dev/stdin {reference.file}"


def _file_complaint(file: Path, user: str, *, is_encrypted: bool) -> str:
    try:
        data = file.read_bytes()
    except PermissionError as error:
        raise RestreamError(f"{file} cannot be read", hint="run this as root (sudo)") from error
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    # What is encrypted was looked at before, by `secret set`; nobody but systemd can read it.
    if is_encrypted:
        return ""
    secret = data.rstrip(b"\r\n")
    found = complaint(secret, is_typed_in_url=user == "ingest")
    return found or (webhook_url.complaint(secret.decode()) if user == "notify.webhook" else "")


def complaint(key: bytes, *, is_typed_in_url: bool) -> str:
    """Say why a key cannot be one, "" if it can; nothing shows the key."""
    reason = secret_text.complaint(key.decode("latin-1"))
    if reason:
        return reason
    if is_typed_in_url and any(byte in key for byte in b"&#%"):
        return "has one of & # %, which mean something else where OBS puts the key, in a URL"
    return ""


def fingerprints(config: Config, root: Path, salt: str) -> dict[str, str]:
    """Return a keyed hash of each secret by user, to see that it has changed; see hashlib.blake2b."""
    found = {}
    sealed = encrypted(root)
    for user, reference in users(config).items():
        if reference.plain is not None:
            data = reference.plain.get_secret_value().encode()
        else:
            file = key_file(reference, user, sealed)
            try:
                data = locate(root, file).read_bytes()
            except OSError as error:
                raise RestreamError(f"{file}: {error.strerror}") from error
        found[user] = hashlib.blake2b(data, key=bytes.fromhex(salt)[:64], digest_size=16).hexdigest()
    return found


def hook_token(root: Path) -> str:
    """Return the token that hooks carry: the one in use, or a new one."""
    try:
        return locate(root, paths.HOOK_TOKEN).read_text().strip()
    except FileNotFoundError:
        return secrets.token_urlsafe(32)
    except PermissionError as error:
        raise RestreamError(f"{paths.HOOK_TOKEN} cannot be read", hint="run this as root (sudo)") from error


def new_salt() -> str:
    """Return a key for `fingerprints`, in hexadecimal."""
    return secrets.token_hex(32)
