"""Checks of the secrets on the target: each exists, is usable, has changed or not. No secret is shown."""

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from restream_agent.base import paths, rights, secret_text, webhook_url
from restream_agent.base.errors import Problem, RestreamError
from restream_agent.base.files import locate
from restream_agent.base.rights import read_secret
from restream_agent.base.target import TargetMachine
from restream_agent.config.keys import dotted
from restream_agent.config.model import Config
from restream_agent.config.notify import EXPOSED
from restream_agent.config.outputs import double_message, doubles
from restream_agent.config.secret_uses import WEBHOOK, SecretUse, key_file, secret_uses
from restream_agent.config.table import SecretRef
from restream_agent.config.values import is_own_place
from restream_agent.config.warnings import GUESSABLE, UNGUESSABLE

_MISSING = "does not exist"
_NO_NAME = (
    "names a credential that is not stored, and the name looks like a key itself",
    'store the key: restream-agent secret set NAME, and write { credential = "NAME" }',
)


def problems(config: Config, root: Path, source: str) -> tuple[Problem, ...]:
    """Return what is wrong with the secrets that the configuration refers to.

    `source` is the file that the problems name. Raises RestreamError if this user may not read a secret.
    """
    sealed, found, usable = encrypted(root), list[Problem](), dict[str, bytes]()
    for use in secret_uses(config):
        if use.reference.plain is not None:
            continue
        file = key_file(use.reference, use.user, sealed)
        place = locate(root, file)
        reason, hint = _complaint_of(
            use, place, config, root, is_encrypted=use.reference.credential in sealed
        )
        if reason:
            told = _NO_NAME if _is_key_for_name(use, reason) else (f"{place} {reason}", hint)
            found.append(Problem(source, 0, use.option, *told))
        elif use.reference.credential not in sealed:
            usable[use.user] = read_secret(place).strip()
    return (*dict.fromkeys(found), *_doubles(config, usable, source))


def _is_key_for_name(use: SecretUse, reason: str) -> bool:
    """Whether a key was pasted where the name of its credential belongs, so that no message may show it."""
    return reason == _MISSING and secret_text.is_like_key(use.reference.credential or "")


def _complaint_of(
    use: SecretUse, place: Path, config: Config, root: Path, *, is_encrypted: bool
) -> tuple[str, str]:
    """Return why a file does not do for a use of its secret, and what to do; "" if it does."""
    reason, hint = _file_complaint(place, use, root, is_encrypted=is_encrypted)
    if use.is_obs_key and not reason and not is_encrypted:
        reason, hint = _obs_complaint(place, config.ingest.server, use.reference)
    if use.reference.file is not None and not reason:
        reason, hint = _path_complaint(place, root)
    return reason, hint


def _doubles(config: Config, keys: Mapping[str, bytes], source: str) -> tuple[Problem, ...]:
    """Return a problem for each relay that sends to the same place as another with an equal key.

    `keys` are those that can be read, by user. config.outputs has refused the relays that name one credential
    twice; here two credentials hold one key.
    """
    return tuple(
        Problem(source, 0, dotted(relay.table), *double_message(earlier))
        for relay, earlier in doubles(config, keys)
        if relay.key != earlier.key
    )


def remarks(config: Config, root: Path, source: str) -> tuple[Problem, ...]:
    """Return warnings about stored secrets that work; config.warnings covers secrets in the TOML itself.

    A secret that cannot be read is left out: `problems` has told of it.
    """
    sealed, warnings = encrypted(root), list[Problem]()
    for use in secret_uses(config):
        if _is_readable(use, sealed):
            with suppress(OSError, UnicodeDecodeError):
                text = read_secret(locate(root, key_file(use.reference, use.user, sealed))).decode().strip()
                warnings += [Problem(source, 0, use.option, *remark) for remark in _remarks_of(use, text)]
    return tuple(dict.fromkeys(warnings))


def _remarks_of(use: SecretUse, text: str) -> Iterator[tuple[str, str]]:
    """Yield (message, hint) for what is risky or odd about a secret of this use."""
    if use.is_obs_key:
        if len(text) < UNGUESSABLE:
            yield GUESSABLE
    elif use.user == WEBHOOK:
        if webhook_url.is_exposed(text):
            yield EXPOSED
    elif not use.option.startswith("notify.") and secret_text.is_like_url(text):
        yield secret_text.URL_LIKE


def _is_readable(use: SecretUse, sealed: frozenset[str]) -> bool:
    """Whether the secret is in a file that holds it as it is, neither encrypted nor in the TOML."""
    return use.reference.plain is None and use.reference.credential not in sealed


def encrypted(root: Path) -> frozenset[str]:
    """Return the names of the credentials that are stored encrypted; see credentials.py."""
    directory = locate(root, paths.ENCRYPTED_CREDENTIALS)
    try:
        return frozenset(entry.name for entry in directory.iterdir())
    except FileNotFoundError:
        return frozenset()
    except PermissionError as error:
        raise RestreamError(f"{directory} cannot be read", hint="run this as root (sudo)") from error


def _hint(reference: SecretRef, file: Path, root: Path) -> str:
    if reference.credential is not None:
        return f"store it: {TargetMachine(root).command(f'secret set {reference.credential}')}"
    return f"put the key there: install -m 600 /dev/stdin {file}"


def _file_complaint(file: Path, use: SecretUse, root: Path, *, is_encrypted: bool) -> tuple[str, str]:
    """Return why a file cannot be a user's secret, and what to do; "" if it can."""
    hint = _hint(use.reference, file, root)
    try:
        data = read_secret(file)
    except PermissionError as error:
        raise RestreamError(f"{file} cannot be read", hint="run this as root (sudo)") from error
    except FileNotFoundError:
        return _MISSING, hint
    except OSError as error:
        return f"cannot be read: {error.strerror}", hint
    # `secret set` has checked the key before it was encrypted; only systemd can read it now.
    if is_encrypted:
        return "", ""
    secret = data.strip()
    reason = complaint(secret)
    return reason or (webhook_url.complaint(secret.decode()) if use.user == WEBHOOK else ""), hint


def _obs_complaint(file: Path, server: str, reference: SecretRef) -> tuple[str, str]:
    """Return why OBS cannot send the key in a file, and what to do; "" if it can."""
    reason = secret_text.obs_complaint(read_secret(file).strip().decode(), server)
    place = f"restream-agent secret set {reference.credential}"
    if reference.credential is None:
        place = f"install -m 600 /dev/stdin {reference.file}"
    return reason, f"make another: {secret_text.NEW_KEY} | {place}"


def _path_complaint(file: Path, root: Path) -> tuple[str, str]:
    """Return why systemd, which reads the file as root, must not be sent there, and what to do.

    A link may lead to a secret that is not the author's, and so may a directory that somebody else than root
    can change: with the file replaced by a link, that secret would go to the server that the TOML names.
    """
    real = file.resolve()
    if not is_own_place(f"/{real.relative_to(root)}" if real.is_relative_to(root) else str(real)):
        return "is a link to a place where no secret of your own is", "name the file itself"
    changeable = rights.changeable(file, itself=False)
    if changeable is not None:
        hint = "keep it in a directory of root's, for example /etc/restream-keys"
        return f"could be replaced by others than root, who may change {changeable}", hint
    return "", ""


def complaint(key: bytes) -> str:
    """Return why a text cannot be a key, "" if it can; the reason does not show the text."""
    reason = secret_text.complaint(key.decode("latin-1"))
    if reason:
        return reason
    if secret_text.is_stream_url(key.decode()):
        return f"{secret_text.STREAM_URL}, which is what follows its last slash"
    return ""


def fingerprints(config: Config, root: Path, salt: str) -> dict[str, str]:
    """Return a keyed hash of each secret by user (hashlib.blake2b); a changed secret has another hash.

    `salt` is the key of the hash, in hexadecimal. Raises RestreamError if a secret cannot be read.
    """
    sealed = encrypted(root)
    marks = {}
    for use in secret_uses(config):
        if use.reference.plain is not None:
            data = use.reference.plain.get_secret_value().encode()
        else:
            file = key_file(use.reference, use.user, sealed)
            try:
                data = read_secret(locate(root, file))
            except OSError as error:
                raise RestreamError(f"{file}: {error.strerror}") from error
        marks[use.user] = keyed_hash(data, salt)
    return marks


def keyed_hash(data: bytes | str, salt: str) -> str:
    """Return a hash that tells nothing of its data to those who do not know the salt (hexadecimal digits)."""
    data = data.encode() if isinstance(data, str) else data
    return hashlib.blake2b(data, key=bytes.fromhex(salt)[:64], digest_size=16).hexdigest()


def hook_token(root: Path) -> str:
    """Return the token that hooks carry: the token in use, or a new token before the first apply."""
    try:
        return locate(root, paths.HOOK_TOKEN).read_text().strip()
    except FileNotFoundError:
        return secrets.token_urlsafe(32)
    except PermissionError as error:
        raise RestreamError(f"{paths.HOOK_TOKEN} cannot be read", hint="run this as root (sudo)") from error


def new_salt() -> str:
    """Return a new key for `fingerprints`, in hexadecimal."""
    return secrets.token_hex(32)
