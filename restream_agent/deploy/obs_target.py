"""Where OBS is to send a channel, and with which stream key: for `restream-agent obs` and `init`."""

from collections.abc import Callable
from pathlib import Path

from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.base.rights import read_secret
from restream_agent.base.target import TargetMachine
from restream_agent.config.model import Config
from restream_agent.config.secret_uses import INGEST, key_file
from restream_agent.config.table import SecretRef
from restream_agent.deploy import own_host, secret_checks
from restream_agent.systemd import systemctl

UNKNOWN_HOST = "HOST"
"""Stands for the name or address of a machine that is not this one."""

_RTMP = 1935


def server_url(config: Config, target: TargetMachine, host: str | None) -> str:
    """Return what OBS wants as its server: "rtmp://HOST/live", with the port if it is another than RTMP's.

    Without a `host` it is this machine's own.
    """
    if host is None:
        host = own_host.own_host(config.ingest.listen) if target.is_this_machine else ""
    port = int(config.ingest.listen.rpartition(":")[2])
    return f"rtmp://{host or UNKNOWN_HOST}{'' if port == _RTMP else f':{port}'}/live"


def stream_key(
    config: Config, target: TargetMachine, decrypted: Callable[[Path], str] = systemctl.decrypted
) -> str:
    """Return what OBS wants as its stream key, with the key in it: "main?key=SECRET".

    `decrypted` reads an encrypted key. Raises RestreamError if the key is not stored, if this user may not
    read it, and if it is encrypted for another machine.
    """
    name, reference = config.channel.name, config.ingest.key
    if reference is None:
        return name  # any key is right
    if reference.plain is not None:
        return with_key(name, reference.plain.get_secret_value())
    sealed = secret_checks.encrypted(target.root)
    file = key_file(reference, config.channel.relay(INGEST), sealed)
    if reference.credential not in sealed:
        return with_key(name, _read(file, target.root, reference))
    if not target.is_this_machine:
        raise RestreamError(
            "OBS's key is encrypted for another machine", hint="show it there, without --root"
        )
    return with_key(name, decrypted(Path(file)).strip())


def _read(file: str, root: Path, reference: SecretRef) -> str:
    try:
        return read_secret(locate(root, file)).decode().strip()
    except FileNotFoundError as error:
        hint = f"store it: restream-agent secret set {reference.credential}" if reference.credential else ""
        raise RestreamError(f"{file} does not exist", hint=hint) from error
    except PermissionError as error:
        raise RestreamError(f"{file} cannot be read", hint="run this as root (sudo)") from error
    except (OSError, UnicodeDecodeError) as error:
        raise RestreamError(f"{file} cannot be read", hint="restream-agent check says more") from error


def with_key(channel: str, key: str) -> str:
    """Return OBS's stream key for a channel and its key."""
    return f"{channel}?key={key}"
