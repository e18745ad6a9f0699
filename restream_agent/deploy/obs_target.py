"""Where OBS is to send a channel, and with which stream key: for `restream-agent obs` and `init`."""

from pathlib import Path

from restream_agent.base.errors import RestreamError
from restream_agent.base.files import locate
from restream_agent.base.rights import read_secret
from restream_agent.base.target import TargetMachine
from restream_agent.config.model import Config
from restream_agent.config.secret_uses import INGEST, key_file
from restream_agent.deploy import own_host, secret_checks

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


def stream_key(config: Config, root: Path) -> str:
    """Return what OBS wants as its stream key, with the key in it: "main?key=SECRET".

    Raises RestreamError if the key is not stored, cannot be read by this user, or is encrypted.
    """
    name, reference = config.channel.name, config.ingest.key
    if reference is None:
        return name  # any key is right
    if reference.plain is not None:
        return with_key(name, reference.plain.get_secret_value())
    sealed = secret_checks.encrypted(root)
    file = key_file(reference, config.channel.relay(INGEST), sealed)
    if reference.credential in sealed:
        raise RestreamError(
            "OBS's key is stored encrypted, so only systemd can read it",
            hint=f"systemd-creds decrypt --name= {locate(root, file)} -",
        )
    try:
        return with_key(name, read_secret(locate(root, file)).decode().strip())
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
