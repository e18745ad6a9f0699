"""Who uses a secret."""

from restream_agent.config.load import load
from restream_agent.config.secret_uses import named_secrets, secret_uses

TOML = """
version = 1
[ingest]
key = { credential = "ingest" }
[platforms.youtube]
preset = "youtube"
key = { credential = "youtube" }
backup = true
[platforms.my-backup]
url = "rtmp://h/app"
key = { file = "/run/secrets/my" }
[platforms.url]
url = "rtmp://h/app/key-in-the-url"
[platforms.off]
url = "rtmp://h/app"
key = { credential = "off" }
enabled = false
[notify]
webhook = { credential = "webhook" }
secret = { credential = "webhook-secret" }
"""
CONFIG = load(TOML, source="t")


def test_every_process_that_is_given_a_secret_is_a_user() -> None:
    """The ingest server, each enabled relay and its backup, the notifier; each with its option."""
    assert [(use.user, use.option) for use in secret_uses(CONFIG)] == [
        ("ingest", "ingest.key"),
        ("youtube", "platforms.youtube.key"),
        ("youtube-backup", "platforms.youtube.key"),
        ("my-backup", "platforms.my-backup.key"),
        ("url", "platforms.url.key"),
        ("notify.webhook", "notify.webhook"),
        ("notify.secret", "notify.secret"),
    ]


def test_the_toml_names_the_secrets_of_disabled_platforms_too() -> None:
    """One name for each option; a key that is part of a URL has no option of its own."""
    assert [use.user for use in named_secrets(CONFIG)] == [
        "ingest",
        "youtube",
        "my-backup",
        "off",
        "notify.webhook",
        "notify.secret",
    ]


def test_a_configuration_without_secrets_has_no_users() -> None:
    """Anyone may send to the ingest server, and no platform is configured."""
    config = load('version = 1\n[ingest]\nkey = "any"\n', source="t")
    assert (secret_uses(config), named_secrets(config)) == ((), ())
