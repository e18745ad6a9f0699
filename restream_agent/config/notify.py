"""The table `[notify]`: a webhook, a command, or both, which receive a message when something happens."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import model_validator

from restream_agent.base import webhook_url
from restream_agent.config import values
from restream_agent.config.complaints import complaint, complaints
from restream_agent.config.table import SecretRef, Table, option
from restream_agent.config.value_types import ValueType, span

WEBHOOK_HINT = 'write it as "https://HOST/PATH", or { credential = "NAME" }'
COMMAND_HINT = 'write it as ["/usr/local/bin/PROGRAM", "ARGUMENT"]'
EXPOSED = ("is http://: the URL and every message cross the network unencrypted", "write https://")
"""The warning, as (message, hint), of a webhook for which `webhook_url.is_exposed` is true."""

HIDDEN_DIRECTORIES = ("/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/")  # noqa: S108
"""The sandbox of restream-notify.service hides these (ProtectHome=, PrivateTmp=)."""


def read_webhook(value: object) -> object:
    """Check a URL that is written in the TOML; leave a reference to `SecretRef`."""
    reason = webhook_url.complaint(value) if isinstance(value, str) else ""
    if reason:
        raise complaint(reason, WEBHOOK_HINT)
    return value


def read_command(value: object) -> object:
    """Read a program and its arguments as a tuple; the program is an absolute path.

    Arguments may have line breaks, as systemd is not involved; only NUL can be in no argument.
    """
    if isinstance(value, tuple):  # the default: already what the model holds
        return value
    if not isinstance(value, list) or not value or not all(isinstance(word, str) for word in value):
        raise complaint("must be a list: a program and its arguments, each in quotes", COMMAND_HINT)
    if not value[0].startswith("/"):
        raise complaint("must begin with the program's absolute path", COMMAND_HINT)
    values.check_printable(value[0])
    if any("\0" in word for word in value):
        raise complaint("holds a NUL character, which no argument of a program can", COMMAND_HINT)
    return tuple(value)


class Notify(Table):
    """Where messages go: on air, fallback, live, off air, platform failing or recovered, an invalid TOML."""

    webhook: Annotated[SecretRef | None, ValueType("http:// or https:// URL, or secret", read_webhook)] = (
        option(
            None,
            "URL that receives each message as a JSON POST; Slack, Mattermost and Discord understand it. "
            "Their URLs work without a password: store such a URL like a key.",
            example={"credential": "webhook"},
        )
    )
    secret: SecretRef | None = option(
        None,
        "Key that signs each POST: the header `X-Restream-Signature` is `sha256=` and the HMAC-SHA256 of the "
        "body, in hexadecimal.",
        example={"credential": "webhook-secret"},
    )
    command: Annotated[tuple[str, ...], ValueType("list of texts", read_command)] = option(
        (),
        "Program and arguments to run for each message, which comes as the same JSON on standard input.",
        example=["/usr/local/bin/tell-me", "--channel", "main"],
    )
    timeout: Annotated[float, span(1, 30)] = option(
        "10s",
        "How long one run of the command, or one attempt to reach the webhook, may take.",
        example="10s",
    )
    every: Annotated[float, span(1, 3600)] = option(
        "1min",
        "After three messages about the same subject, further ones are combined into one message per this "
        "time.",
        example="1min",
    )

    @property
    def has_destination(self) -> bool:
        """Whether a webhook or a command is configured."""
        return self.webhook is not None or bool(self.command)

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """The secrets by the key that names them; the dot keeps them apart from platforms' names."""
        references = {"notify.webhook": self.webhook, "notify.secret": self.secret}
        return {key: reference for key, reference in references.items() if reference is not None}

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a secret that would sign nothing."""
        if self.secret is not None and self.webhook is None:
            hint = "it signs messages to the webhook: add webhook, or remove secret"
            raise complaints("notify", [("secret", "needs a webhook", hint)])
        return self


def remarks(notify: Notify) -> Iterator[tuple[tuple[str, str], str, str]]:
    """Yield (path, message, hint) for each setting that is risky or has no effect; none shows the URL."""
    webhook, secret = notify.webhook, notify.secret
    if (
        webhook is not None
        and webhook.plain is not None
        and webhook_url.is_exposed(webhook.plain.get_secret_value())
    ):
        yield ("notify", "webhook"), *EXPOSED
    if secret is not None and secret.plain is not None:
        hint = "store it with `restream-agent secret set webhook-secret` and write secret = "
        yield ("notify", "secret"), "is written in the clear", hint + '{ credential = "webhook-secret" }'
    if notify.command and notify.command[0].startswith(HIDDEN_DIRECTORIES):
        message = "is in a directory that the sandbox of restream-notify.service hides"
        yield ("notify", "command"), message, "move the program to /usr/local/bin"
    if notify.model_fields_set and not notify.has_destination:
        first = next(iter(notify.model_fields_set))
        yield ("notify", first), "has no effect without a webhook or a command", "add one of them"
