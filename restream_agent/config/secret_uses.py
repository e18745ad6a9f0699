"""Who uses a secret: the ingest server, the relays and the notifier. Pure."""

from dataclasses import dataclass

from restream_agent.base import paths
from restream_agent.config.channels import channel_configs
from restream_agent.config.keys import dotted
from restream_agent.config.model import Config
from restream_agent.config.relays import all_relays, channel_path
from restream_agent.config.table import SecretRef

INGEST = "ingest"
"""The user of the key that OBS must send."""

WEBHOOK = "notify.webhook"
"""The user of the webhook's URL."""


@dataclass(frozen=True)
class SecretUse:
    """One use of a secret.

    `user` is INGEST, the full name of a relay (or platform), or the key of `[notify]` ("notify.webhook");
    no channel is called notify. For a channel it begins with the channel ("es.ingest", "es.twitch").
    `option` is the dotted key of the TOML that refers to the secret.
    """

    user: str
    option: str
    reference: SecretRef

    @property
    def is_obs_key(self) -> bool:
        """Whether this is the key that OBS must send, of whichever channel."""
        return self.user.rpartition(".")[2] == INGEST


def secret_uses(config: Config) -> tuple[SecretUse, ...]:
    """Return each secret that a process of any channel is given: by user, a platform's backup relay apart."""
    return (
        *(use for each in channel_configs(config).values() for use in _ingest_use(each)),
        *(
            SecretUse(relay.full_name, dotted((*relay.table, "key")), relay.key)
            for relay in all_relays(config)
        ),
        *_notify_uses(config),
    )


def named_secrets(config: Config) -> tuple[SecretUse, ...]:
    """Return each secret that the TOML names: by option, disabled platforms included."""
    return (
        *(
            use
            for each in channel_configs(config).values()
            for use in (*_ingest_use(each), *_platform_uses(each))
        ),
        *_notify_uses(config),
    )


def key_file(reference: SecretRef, user: str, encrypted: frozenset[str]) -> str:
    """Return the file that holds a secret. A secret that the TOML contains gets a file named after its user.

    `encrypted` names the credentials that are stored encrypted.
    """
    if reference.credential is not None:
        is_encrypted = reference.credential in encrypted
        directory = paths.ENCRYPTED_CREDENTIALS if is_encrypted else paths.CREDENTIALS
        return f"{directory}/{reference.credential}"
    return str(reference.file) if reference.file is not None else f"{paths.INLINE_KEYS}/{user}"


def _ingest_use(config: Config) -> tuple[SecretUse, ...]:
    if config.ingest.key is None:
        return ()
    channel = config.channel
    option = "ingest.key" if channel.is_main else f"channels.{channel.name}.key"
    return (SecretUse(channel.relay(INGEST), option, config.ingest.key),)


def _platform_uses(config: Config) -> tuple[SecretUse, ...]:
    channel = config.channel
    return tuple(
        SecretUse(
            channel.relay(name), dotted((*channel_path(channel), "platforms", name, "key")), platform.key
        )
        for name, platform in config.platforms.items()
        if platform.key is not None
    )


def _notify_uses(config: Config) -> tuple[SecretUse, ...]:
    return tuple(SecretUse(option, option, reference) for option, reference in config.notify.secrets.items())
