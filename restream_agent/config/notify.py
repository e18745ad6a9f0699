"""The table of who is told what happens, `[notify]`: a webhook, a command, or both."""

from collections.abc import Iterator
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from restream_agent.base.webhook_url import complaint, is_exposed
from restream_agent.config import values
from restream_agent.config.table import SPAN, SecretRef, Table, option

WEBHOOK_HINT = 'write it as "https://HOST/PATH", or { credential = "NAME" }'
COMMAND_HINT = 'write it as ["/usr/local/bin/PROGRAM", "ARGUMENT"]'
EXPOSED = ("is http://: what is told, and the URL itself, are there for all on the way", "write https://")
UNSEEN = ("/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/")  # noqa: S108 - hidden by the unit's sandbox


def read_webhook(value: object) -> object:
    """Check a URL in the TOML itself; leave a reference to `SecretRef`."""
    found = complaint(value) if isinstance(value, str) else ""
    if found:
        raise values.complaint(found, WEBHOOK_HINT)
    return value


def read_command(value: object) -> object:
    """Read an argv whose program is an absolute path, as a tuple."""
    if isinstance(value, tuple):  # the default: already what we return
        return value
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise values.complaint("must be a list of texts: a program and its arguments", COMMAND_HINT)
    if not value[0].startswith("/"):
        raise values.complaint("must begin with the program's absolute path", COMMAND_HINT)
    if any("\0" in one for one in value) or not value[0].isprintable():
        raise values.complaint("holds a character that no command line can", COMMAND_HINT)
    return tuple(value)


class Notify(Table):
    """Who is told of: on air, fallback, live, off air, a platform failing or recovered, a bad TOML."""

    webhook: Annotated[SecretRef | None, BeforeValidator(read_webhook)] = option(
        None,
        "URL that each message is posted to as JSON; Slack, Mattermost and Discord can read it. Where the "
        "URL alone opens the door, as theirs does, store it like a key.",
        example={"credential": "webhook"},
        kind="http:// or https:// URL, or secret",
    )
    secret: SecretRef | None = option(
        None,
        "Signs what is posted: the header `X-Restream-Signature` is `sha256=` and the HMAC-SHA256 of the "
        "body, in hexadecimal.",
        example={"credential": "webhook-secret"},
        kind="secret",
    )
    command: Annotated[tuple[str, ...], BeforeValidator(read_command)] = option(
        (),
        "A program and its arguments, run for each message with the same JSON on its standard input.",
        example=["/usr/local/bin/tell-me", "--channel", "main"],
        kind="list of texts",
    )
    timeout: Annotated[float, BeforeValidator(values.span(1, 30)), SPAN] = option(
        "10s",
        "How long one run of the command, or one try of the webhook, may take.",
        example="10s",
        kind="time span, 1s to 30s",
    )
    every: Annotated[float, BeforeValidator(values.span(1, 3600)), SPAN] = option(
        "1min",
        "After three messages about the same thing, further ones are told together, this far apart.",
        example="1min",
        kind="time span, 1s to 1h",
    )

    @property
    def is_wanted(self) -> bool:
        """Whether there is anybody to tell."""
        return self.webhook is not None or bool(self.command)

    @property
    def secrets(self) -> dict[str, SecretRef]:
        """The secrets by the key that names them; no platform's name has a dot."""
        found = {"notify.webhook": self.webhook, "notify.secret": self.secret}
        return {key: reference for key, reference in found.items() if reference is not None}

    @model_validator(mode="after")
    def check(self) -> Self:
        """Refuse a secret that would sign nothing."""
        if self.secret is not None and self.webhook is None:
            hint = "it signs what is posted there"
            raise values.complaints("notify", [("secret", "needs a webhook", hint)])
        return self


def remarks(notify: Notify) -> Iterator[tuple[tuple[str, str], str, str]]:
    """Say as (path, message, hint) what is risky or will not work as meant; nothing shows the URL."""
    webhook, secret = notify.webhook, notify.secret
    if webhook is not None and webhook.plain is not None and is_exposed(webhook.plain.get_secret_value()):
        yield ("notify", "webhook"), *EXPOSED
    if secret is not None and secret.plain is not None:
        hint = "store it with `restream-agent secret` and write secret = "
        yield ("notify", "secret"), "is written in the clear", hint + '{ credential = "webhook-secret" }'
    if notify.command and notify.command[0].startswith(UNSEEN):
        hint = "put it into /usr/local/bin"
        yield ("notify", "command"), "is in a directory that no service of ours can see", hint
    if notify.model_fields_set and not notify.is_wanted:
        first = next(iter(notify.model_fields_set))
        yield ("notify", first), "is of no use without a webhook or a command", "nobody is told"
