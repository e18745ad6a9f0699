"""Who uses a secret: the ingest server, the relays and the notifier. Pure."""

from dataclasses import dataclass

from restream_agent.config.model import Config
from restream_agent.config.relays import relays
from restream_agent.config.table import SecretRef

INGEST = "ingest"
"""The user of the key that OBS must send."""

WEBHOOK = "notify.webhook"
"""The user of the webhook's URL."""


@dataclass(frozen=True)
class SecretUse:
    """One use of a secret.

    `user` is INGEST, the name of a relay (or platform), or the key of `[notify]` ("notify.webhook");
    no name of a relay has a dot. `option` is the dotted key of the TOML that refers to the secret.
    """

    user: str
    option: str
    reference: SecretRef


def secret_uses(config: Config) -> tuple[SecretUse, ...]:
    """Return each secret that a process is given: by user, a platform's backup relay apart."""
    return (
        *_ingest_use(config),
        *(SecretUse(relay.name, f"platforms.{relay.platform}.key", relay.key) for relay in relays(config)),
        *_notify_uses(config),
    )


def named_secrets(config: Config) -> tuple[SecretUse, ...]:
    """Return each secret that the TOML names: by option, disabled platforms included."""
    return (
        *_ingest_use(config),
        *(
            SecretUse(name, f"platforms.{name}.key", platform.key)
            for name, platform in config.platforms.items()
            if platform.key is not None
        ),
        *_notify_uses(config),
    )


def _ingest_use(config: Config) -> tuple[SecretUse, ...]:
    return () if config.ingest.key is None else (SecretUse(INGEST, "ingest.key", config.ingest.key),)


def _notify_uses(config: Config) -> tuple[SecretUse, ...]:
    return tuple(SecretUse(option, option, reference) for option, reference in config.notify.secrets.items())
