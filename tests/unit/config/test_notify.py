"""[notify]: what is read, warned of, rendered, kept secret, and which units notice a change of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from restream_agent.base import paths
from restream_agent.base.file_tree import File, Link, Tree
from restream_agent.base.files import locate
from restream_agent.config.load import examine, load
from restream_agent.config.model import Config
from restream_agent.deploy import credentials, secret_checks
from restream_agent.deploy.changes import compare, describe
from restream_agent.deploy.plan import Actions, plan_actions
from restream_agent.render import assets
from restream_agent.render.tree import render
from restream_agent.systemd import unit_names
from tests.golden.rendering import fixed_facts

ASSETS = assets.load()
START = """version = 1
[ingest]
key = { credential = "ingest" }
[platforms.twitch]
preset = "twitch"
key = { credential = "twitch" }
"""
STORED = '[notify]\nwebhook = { credential = "hook" }\nsecret = { file = "/run/secrets/hmac" }\n'
COMMAND = '[notify]\ncommand = ["/bin/true"]\n'
SALT = "00" * 32


def configured(notify: str) -> Config:
    return load(START + notify, source="t.toml")


def tree(notify: str) -> Tree:
    config = configured(notify)
    return render(config, fixed_facts(config), ASSETS)


def between(before: Tree, after: Tree, *, changed: frozenset[str] = frozenset()) -> Actions:
    return plan_actions(compare(before, after), changed_secrets=changed, relays=frozenset({"twitch"}))


def warned(notify: str) -> list[str]:
    return [str(one) for one in examine(START + notify, source="t.toml").warnings]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Make a root with every secret in its place."""
    put(tmp_path, f"{paths.CREDENTIALS}/ingest", "a-long-ingest-key\n")
    put(tmp_path, f"{paths.CREDENTIALS}/twitch", "hidden-1\n")
    put(tmp_path, f"{paths.CREDENTIALS}/hook", "https://chat.example.org/hidden\n")
    put(tmp_path, "/run/secrets/hmac", "hidden-2\n")
    return tmp_path


def put(root: Path, path: str, text: str) -> None:
    place = locate(root, path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def test_nobody_is_told_unless_somebody_is_named() -> None:
    """No unit, no settings; the agent knows."""
    found = tree("")
    assert [path for path in found if "notify" in path] == []
    settings = found[paths.AGENT_SETTINGS]
    assert isinstance(settings, File)
    assert '"notifies": false' in settings.content


@pytest.mark.parametrize(
    ("notify", "warning"),
    [
        (STORED, ""),
        (COMMAND, ""),
        ('[notify]\nwebhook = "https://hidden.example.org/"', ""),
        ('[notify]\nwebhook = "http://127.0.0.1:8065/hidden"', ""),
        ('[notify]\nwebhook = "http://[::1]/hidden"', ""),
        ('[notify]\nwebhook = "http://localhost/hidden"', ""),
        (
            '[notify]\nwebhook = "http://hidden.example.org/"',
            "t.toml:8:11: notify.webhook: is http://: the URL and every message cross the network "
            "unencrypted (write https://)",
        ),
        (
            '[notify]\nwebhook = { credential = "hook" }\nsecret = "hidden"',
            "t.toml:9:10: notify.secret: is written in the clear (store it with `restream-agent secret set "
            'webhook-secret` and write secret = { credential = "webhook-secret" })',
        ),
        (
            '[notify]\ncommand = ["/root/tell"]',
            "t.toml:8:11: notify.command: is in a directory that the sandbox of restream-notify.service "
            "hides (move the program to /usr/local/bin)",
        ),
        (
            '[notify]\nevery = "2min"',
            "t.toml:8:9: notify.every: has no effect without a webhook or a command (add one of them)",
        ),
    ],
)
def test_warns(notify: str, warning: str) -> None:
    """Of what is risky or will not work as meant, and of nothing else; a URL alone is no key in the clear."""
    assert warned(notify) == ([warning] if warning else [])


def test_a_url_in_the_toml_is_in_a_file_of_root_s_and_nowhere_else() -> None:
    """Neither in a unit nor in the settings, nor in a diff."""
    found = tree('[notify]\nwebhook = "https://chat.example.org/hidden-url"\nsecret = "hidden-hmac"')
    hidden = {path: entry for path, entry in found.items() if "hidden-" in getattr(entry, "content", "")}
    assert hidden == {
        f"{paths.INLINE_KEYS}/notify.webhook": File(
            "https://chat.example.org/hidden-url", mode=0o600, is_secret=True
        ),
        f"{paths.INLINE_KEYS}/notify.secret": File("hidden-hmac", mode=0o600, is_secret=True),
    }
    assert "hidden-" not in describe(compare({}, found))


def test_an_encrypted_credential_stays_encrypted() -> None:
    """The unit loads it as one."""
    config = configured(STORED)
    facts = replace(fixed_facts(config), encrypted=frozenset({"hook"}))
    unit = render(config, facts, ASSETS)[f"{paths.UNITS}/{unit_names.NOTIFY_UNIT}"]
    assert isinstance(unit, File)
    assert f"LoadCredentialEncrypted=webhook:{paths.ENCRYPTED_CREDENTIALS}/hook\n" in unit.content
    assert "LoadCredential=secret:/run/secrets/hmac\n" in unit.content


def test_its_secrets_are_there_or_named(root: Path) -> None:
    """By the key of the TOML that wants them."""
    config = configured(STORED)
    assert secret_checks.problems(config, root, "t.toml") == ()
    assert secret_checks.remarks(config, root, "t.toml") == ()
    locate(root, f"{paths.CREDENTIALS}/hook").unlink()
    assert [str(one) for one in secret_checks.problems(config, root, "t.toml")] == [
        f"t.toml: notify.webhook: {root}{paths.CREDENTIALS}/hook does not exist "
        f"(store it: restream-agent secret set hook --root {root})"
    ]


def test_a_stored_url_is_looked_at_like_one_in_the_toml(root: Path) -> None:
    """Without showing it."""
    config = configured(STORED)
    put(root, f"{paths.CREDENTIALS}/hook", "hidden.example.org/path\n")
    [problem] = secret_checks.problems(config, root, "t.toml")
    assert "hook must be a URL that begins with https:// or http://" in str(problem)
    assert "hidden" not in str(problem)
    put(root, f"{paths.CREDENTIALS}/hook", "http://hidden.example.org/path\n")
    assert secret_checks.problems(config, root, "t.toml") == ()
    [remark] = secret_checks.remarks(config, root, "t.toml")
    assert str(remark).startswith("t.toml: notify.webhook: is http://")


def test_secret_list_names_the_keys_that_use_a_credential(root: Path) -> None:
    """So that nobody removes it by mistake."""
    config = configured(STORED)
    users = {one.name: one.users for one in credentials.list_credentials(root, config)}
    assert users == {"hook": ("notify.webhook",), "ingest": ("ingest",), "twitch": ("twitch",)}
    assert credentials.users(config, "hook") == ("notify.webhook",)


def test_a_changed_secret_has_its_own_mark(root: Path) -> None:
    """The next apply sees it."""
    config = configured(STORED)
    before = secret_checks.fingerprints(config, root, SALT)
    put(root, "/run/secrets/hmac", "hidden-3\n")
    after = secret_checks.fingerprints(config, root, SALT)
    assert {user for user in after if before[user] != after[user]} == {"notify.secret"}


def test_a_new_table_starts_the_socket_and_no_process() -> None:
    """The agent restarts, as it has to know."""
    found = between(tree(""), tree(STORED))
    assert found == Actions(
        daemon_reload=True, restart=(unit_names.AGENT_UNIT,), start=(unit_names.NOTIFY_SOCKET,)
    )


def test_a_table_that_goes_stops_socket_and_service() -> None:
    """And the agent sends no more."""
    found = between(tree(STORED), tree(""))
    assert found.stop == (unit_names.NOTIFY_UNIT, unit_names.NOTIFY_SOCKET)
    assert found.restart == (unit_names.AGENT_UNIT,)


@pytest.mark.parametrize("notify", [COMMAND + 'every = "2min"', '[notify]\ncommand = ["/bin/false"]'])
def test_changed_settings_restart_the_notifier_alone(notify: str) -> None:
    """If it runs: `restart` touches only what is active."""
    assert between(tree(COMMAND), tree(notify)) == Actions(restart=(unit_names.NOTIFY_UNIT,))


def test_a_changed_secret_restarts_the_notifier_alone() -> None:
    """As a platform's key does its relay."""
    found = between(tree(STORED), tree(STORED), changed=frozenset({"notify.webhook"}))
    assert found == Actions(restart=(unit_names.NOTIFY_UNIT,))


def test_a_changed_unit_restarts_and_a_changed_socket_takes_its_service_along() -> None:
    """As for the program's and the agent's."""
    before = tree(COMMAND)
    service, socket = (f"{paths.UNITS}/{name}" for name in (unit_names.NOTIFY_UNIT, unit_names.NOTIFY_SOCKET))
    assert between(before, before | {service: File("new")}).restart == (unit_names.NOTIFY_UNIT,)
    assert between(before, before | {socket: File("new")}).restart == (
        unit_names.NOTIFY_UNIT,
        unit_names.NOTIFY_SOCKET,
    )


def test_the_socket_is_enabled() -> None:
    """By a link, as the agent's is; the service is not: the socket starts it."""
    links = {path for path, entry in tree(COMMAND).items() if isinstance(entry, Link) and "notify" in path}
    assert links == {f"{paths.UNITS}/sockets.target.wants/{unit_names.NOTIFY_SOCKET}"}
